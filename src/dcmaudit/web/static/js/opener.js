/** The dialog that browses the server's folders: for files, folders, lists and the database. */

import { Api } from "./api.js";
import { ask } from "./dialogs.js";
import { byId, counted, make, printable, setText, symbol } from "./dom.js";

/** @typedef {import("./types.js").BrowseEntry} BrowseEntry */
/** @typedef {import("./types.js").Dialog} Purpose */
/** @typedef {{paths: string[], recursive: boolean, password?: string, checkText?: boolean}} Choice */

/** A password inside of an address, where everybody who looks at the screen can read it. */
const OPEN_PASSWORD = /^[^:]*:\/\/[^/@]*:[^/]*@|[?&]password=/i;

const PLAIN = { many: false, recursive: false, below: false, server: false, output: false };

/** What dialogs of the page itself let people choose; commands bring their own. @type {Purpose} */
export const A_FOLDER = { title: "Open a folder", action: "Open this folder", folders: true, ...PLAIN };

/** @type {Purpose} */
export const A_FILE = { title: "Open files", action: "Open", folders: false, ...PLAIN };

/** What kind of entry a sign stands for, in words; a file is called by its name and size alone. @type {Record<string, string>} */
const SPOKEN = { "sign-folder": "folder", "sign-database": "database", "sign-list": "list" };

/** @param {number|null} size */
function sizeText(size) {
  if (size === null) return "";
  if (size < 1000) return `${size} B`;
  if (size < 1e6) return `${Math.round(size / 1000)} kB`;
  return size < 1e9 ? `${(size / 1e6).toFixed(1)} MB` : `${(size / 1e9).toFixed(1)} GB`;
}

class Opener {
  constructor() {
    this.dialog = byId("dialog-open", HTMLDialogElement);
    this.path = byId("open-path", HTMLInputElement);
    this.list = byId("open-entries", HTMLUListElement);
    this.note = byId("open-note", HTMLElement);
    this.recursive = byId("open-recursive", HTMLInputElement);
    this.check = byId("open-check", HTMLInputElement);
    this.do = byId("open-do", HTMLButtonElement);
    this.up = byId("open-up", HTMLButtonElement);
    this.server = byId("open-server", HTMLFormElement);
    this.address = byId("open-address", HTMLInputElement);
    this.password = byId("open-password", HTMLInputElement);
    /** @type {Purpose|null} */
    this.purpose = null;
    /** Which question for a folder is the newest: answers to older ones come too late. */
    this.turn = 0;
    /** How often somebody wrote into the field of the path. */
    this.edits = 0;
    /** @type {BrowseEntry[]} */
    this.entries = [];
    /** @type {Set<number>} */
    this.chosen = new Set();
    this.focused = 0;
    this.here = "";
    /** @type {string|null} the file whose path was typed */
    this.typed = null;
    /** @type {string|null} the folder that was typed, is not there, and will be made by a second press */
    this.fresh = null;
    /** @type {string|null} */
    this.parent = null;
    byId("open-go", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#typedEnter();
    });
    this.path.addEventListener("input", () => {
      this.edits += 1;
      this.fresh = null;
      this.#mark();
    });
    this.server.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#useServer();
    });
    byId("open-cancel", HTMLButtonElement).addEventListener("click", () => this.dialog.close(""));
    this.up.addEventListener("click", () => this.parent !== null && void this.go(this.parent));
    this.do.addEventListener("click", () => void this.#act());
    this.list.addEventListener("click", (event) => this.#click(event));
    this.list.addEventListener("dblclick", (event) => this.#enter(this.#indexOf(event.target)));
    this.list.addEventListener("keydown", (event) => this.#key(event));
  }

  /**
   * @param {Purpose} purpose
   * @param {string} start
   * @param {boolean} recursive
   * @returns {Promise<Choice|null>}
   */
  async choose(purpose, start, recursive) {
    this.purpose = purpose;
    this.recursive.checked = recursive;
    setText(byId("open-title", HTMLElement), purpose.title);
    setText(this.do, purpose.action);
    byId("open-recursive-label", HTMLElement).hidden = !purpose.recursive;
    this.server.hidden = !purpose.server;
    byId("open-check-label", HTMLElement).hidden = !purpose.output;
    this.check.checked = false;
    // What was typed the last time is meant no more.
    this.#untype();
    this.list.setAttribute("aria-multiselectable", String(purpose.many));
    // The focus goes straight to the list, so that its name alone is spoken and not the dialog's title.
    this.list.setAttribute("aria-label", `${purpose.title}: folder content`);
    const answer = ask(this.dialog);
    await this.go(this.here || start);
    if (document.activeElement !== this.path) this.list.focus();
    const how = await answer;
    // thousands of rows that nobody sees would still cost time with every change of the page
    this.list.replaceChildren();
    const password = this.#secret();
    if (how === "server") return { paths: [this.address.value.trim()], recursive: false, password };
    if (how !== "open") return null;
    const chosen = [...this.chosen].sort((a, b) => a - b).map((index) => this.entries[index]?.path ?? "");
    if (purpose.output && this.fresh !== null && this.fresh === this.path.value.trim()) return { paths: [this.fresh], recursive: false, checkText: this.check.checked };
    const paths = this.typed !== null ? [this.typed] : purpose.folders ? [this.here] : chosen;
    return { paths, recursive: this.recursive.checked, checkText: this.check.checked };
  }

  /** Somebody chooses in the list: that is meant now, and not what was typed before. */
  #untype() {
    this.path.value = this.here;
    this.typed = null;
    this.fresh = null;
  }

  /** Whether the path in the field is another one than that of the folder that is shown. */
  get #isTyped() {
    return this.path.value.trim() !== this.here;
  }

  /** A folder is shown, a file is what was meant. */
  async #typedEnter() {
    if ((await this.go(this.path.value.trim())) && this.typed !== null && this.#mayUse()) this.dialog.close("open");
  }

  /** The button acts on the path that stands in the field, and on no other: marks would go somewhere else. */
  async #act() {
    if (this.#isTyped) {
      const written = this.path.value.trim();
      if (this.fresh === written) return this.dialog.close("open");
      if (!(await this.go(written))) return this.#offer(written);
      if (this.typed === null && !this.purpose?.folders) return; // a folder is only shown: which file is meant?
      if (!this.#mayUse()) return;
    }
    this.dialog.close("open");
  }

  /**
   * Where files are written, a folder that is not there can be made in one that is: once it was read what will happen.
   * @param {string} written
   */
  async #offer(written) {
    const isMeant = () => this.purpose?.output === true && this.path.value.trim() === written;
    const above = written.replace(/\/+[^/]*\/*$/, "") || "/";
    if (!isMeant() || !written.startsWith("/")) return;
    const why = this.note.textContent ?? "";
    const turn = ++this.turn;
    // One folder is made, and no path: a slip in the middle of it would become a tree of folders.
    const isThere = await Api.browse(above).then(({ chosen }) => chosen === null, () => false);
    if (turn !== this.turn || !isMeant()) return;
    if (!isThere) return setText(this.note, `${why}, nor the folder that it would lie in`);
    this.fresh = written;
    setText(this.do, "Make this folder, redact into it");
    // Who does not see the button change hears what it does now.
    setText(this.note, `${why}. The button makes this folder and redacts into it.`);
  }

  /** Whether what was typed is of the kind that is asked for; a database may be named by its file. */
  #mayUse() {
    if (this.typed === null || !this.purpose?.folders || this.purpose?.server) return true;
    setText(this.note, `${this.typed}: this is a file, and a folder is asked for`);
    this.typed = null;
    return false;
  }

  #useServer() {
    const address = this.address.value.trim();
    const bad = OPEN_PASSWORD.test(address) ? "Write the password into its own field: an address can be read by everybody." : /^postgres(ql)?(\+psycopg)?:\/\/./i.test(address) ? "" : "An address looks like postgresql://USER@HOST/DATABASE";
    setText(this.note, bad);
    if (bad) this.address.focus();
    else this.dialog.close("server");
  }

  /** The password, once: the field forgets it. */
  #secret() {
    const secret = this.password.value;
    this.password.value = "";
    return secret;
  }

  /** @param {string} path @returns {Promise<boolean>} whether it could be read */
  async go(path) {
    const turn = ++this.turn;
    const { edits } = this;
    // Who goes on to another folder does not mean the one that was to be made.
    this.fresh = null;
    setText(this.note, "Reading…");
    try {
      const listing = await Api.browse(path);
      if (turn !== this.turn) return false; // another folder was asked for meanwhile
      this.here = listing.path;
      this.typed = listing.chosen;
      this.parent = listing.parent;
      // What somebody wrote while the folder was read stays: it is what is meant.
      if (this.edits === edits) this.path.value = listing.path;
      this.entries = listing.entries;
      this.up.disabled = listing.parent === null;
      this.#roots(listing.roots);
      this.chosen.clear();
      this.focused = 0;
      this.#draw();
      const files = listing.entries.filter(({ kind }) => kind === "file").length;
      const more = listing.left_off ? `, and ${counted(listing.left_off, "more entry", "more entries")} that are not shown: type the path of one` : "";
      setText(this.note, `${printable(listing.path)}: ${counted(listing.entries.length - files, "folder")}, ${counted(files, "file")}${more}`);
      return true;
    } catch (error) {
      if (turn !== this.turn) return false;
      // the last folder stays: the reason is more use than an empty list
      this.typed = null;
      setText(this.note, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  /** @param {import("./types.js").Listing["roots"]} roots */
  #roots(roots) {
    const items = roots.map((root) => {
      const { name, path } = typeof root === "string" ? { name: root, path: root } : root;
      const item = make("li", "");
      const button = make("button", "", name);
      button.type = "button";
      button.title = path;
      button.addEventListener("click", () => void this.go(path));
      item.append(button);
      return item;
    });
    byId("open-roots", HTMLUListElement).replaceChildren(...items);
  }

  #draw() {
    const items = this.entries.map((entry, index) => {
      const item = make("li", "entry");
      item.id = `entry-${index}`;
      item.setAttribute("role", "option");
      item.dataset.kind = entry.kind;
      const list = /\.csv$/i.test(entry.name) ? "sign-list" : "sign-file";
      const sign = entry.kind === "folder" ? "sign-folder" : /\.(db|sqlite3?)$/i.test(entry.name) ? "sign-database" : list;
      item.append(symbol(sign), make("span", "entry-name", printable(entry.name)), make("span", "entry-size", sizeText(entry.size)));
      // The sign says it to the eye alone.
      if (SPOKEN[sign]) item.append(make("span", "unseen", ` ${SPOKEN[sign]}`));
      return item;
    });
    this.list.replaceChildren(...items);
    this.#mark();
  }

  #mark() {
    [...this.list.children].forEach((item, index) => {
      item.setAttribute("aria-selected", String(this.chosen.has(index)));
      item.classList.toggle("focused", index === this.focused);
    });
    const focused = this.list.children[this.focused];
    focused?.scrollIntoView({ block: "nearest" });
    if (focused) this.list.setAttribute("aria-activedescendant", focused.id);
    else this.list.removeAttribute("aria-activedescendant");
    this.do.disabled = !this.#isTyped && (this.purpose?.folders ? !this.here : this.chosen.size === 0);
    if (this.purpose?.folders && this.fresh === null) setText(this.do, this.purpose.action);
    if (!this.purpose?.folders) setText(this.do, this.chosen.size > 1 ? `Open ${this.chosen.size} files` : (this.purpose?.action ?? ""));
  }

  /** @param {EventTarget|null} target */
  #indexOf(target) {
    const item = target instanceof Element ? target.closest(".entry") : null;
    return item ? [...this.list.children].indexOf(item) : -1;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const index = this.#indexOf(event.target);
    if (index < 0) return;
    this.#untype();
    if (event.shiftKey && this.purpose?.many) this.#range(this.focused, index);
    else this.#toggle(index, event.ctrlKey || event.metaKey);
    this.focused = index;
    this.#mark();
  }

  /** @param {number} from @param {number} to */
  #range(from, to) {
    for (let index = Math.min(from, to); index <= Math.max(from, to); index += 1) {
      if (this.entries[index]?.kind === "file") this.chosen.add(index);
    }
  }

  /** @param {number} index @param {boolean} more */
  #toggle(index, more) {
    const had = this.chosen.has(index);
    if (!more || !this.purpose?.many) this.chosen.clear();
    if (this.entries[index]?.kind !== "file" || this.purpose?.folders) return;
    if (had && more) this.chosen.delete(index);
    else this.chosen.add(index);
  }

  /** Go into a folder, or open a file. @param {number} index */
  #enter(index) {
    const entry = this.entries[index];
    this.#untype();
    if (entry?.kind === "folder") {
      void this.go(entry.path);
    } else if (entry && !this.purpose?.folders) {
      this.chosen.add(index);
      this.dialog.close("open");
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const last = this.entries.length - 1;
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -last, End: last });
    const step = steps[event.key];
    if (step !== undefined) {
      const to = Math.min(Math.max(this.focused + step, 0), Math.max(last, 0));
      if (event.shiftKey && this.purpose?.many) this.#range(this.focused, to);
      this.focused = to;
    } else if (event.key === " ") {
      this.#untype();
      this.#toggle(this.focused, true);
    }
    else if (event.key === "Enter") this.chosen.size > 1 ? this.dialog.close("open") : this.#enter(this.focused);
    else if (event.key === "Backspace") this.up.click();
    else if (event.key.length === 1 && !event.ctrlKey) this.#letter(event.key.toLowerCase());
    else return;
    event.preventDefault();
    this.#mark();
  }

  /** @param {string} letter */
  #letter(letter) {
    const count = this.entries.length;
    for (let step = 1; step <= count; step += 1) {
      const index = (this.focused + step) % count;
      if (this.entries[index]?.name.toLowerCase().startsWith(letter)) {
        this.focused = index;
        return;
      }
    }
  }
}

/** @type {Opener|null} */
let opener = null;

/**
 * Let the reviewer choose.
 * @param {Purpose} purpose
 * @param {string} start  where to begin when nothing was chosen before
 * @returns {Promise<Choice|null>}
 */
export function choose(purpose, start) {
  opener ??= new Opener();
  return opener.choose(purpose, start, purpose.below);
}
