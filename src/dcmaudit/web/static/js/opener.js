/** The dialog that browses the server's folders: for files, folders, lists and the database. */

import { Api } from "./api.js";
import { ask } from "./dialogs.js";
import { byId, counted, make, printable, setText } from "./dom.js";
import { FolderList } from "./folderlist.js";

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
    this.folder = new FolderList(this.list, {
      mayChoose: () => this.purpose?.folders !== true,
      mayChooseMany: () => this.purpose?.many === true,
      meant: () => this.#untype(),
      changed: () => this.#mark(),
      enter: (entry) => this.#enter(entry),
      open: () => this.dialog.close("open"),
      up: () => this.up.click(),
    });
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
    if (purpose.output && this.fresh !== null && this.fresh === this.path.value.trim()) return { paths: [this.fresh], recursive: false, checkText: this.check.checked };
    const paths = this.typed !== null ? [this.typed] : purpose.folders ? [this.here] : this.folder.paths;
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
      this.up.disabled = listing.parent === null;
      this.#roots(listing.roots);
      this.folder.show(listing.entries);
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

  /** The button says what it does now. */
  #mark() {
    const { purpose, folder: { chosen } } = this;
    this.do.disabled = !this.#isTyped && (purpose?.folders ? !this.here : chosen.size === 0);
    if (purpose?.folders && this.fresh === null) setText(this.do, purpose.action);
    if (!purpose?.folders) setText(this.do, chosen.size > 1 ? `Open ${chosen.size} files` : (purpose?.action ?? ""));
  }

  /** Go into a folder, or open a file. @param {BrowseEntry|undefined} entry */
  #enter(entry) {
    if (entry?.kind === "folder") void this.go(entry.path);
    else if (entry && !this.purpose?.folders) this.dialog.close("open");
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
