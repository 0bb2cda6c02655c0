/** The entries of a folder of the server, of which some can be chosen. */

import { make, printable, symbol } from "./dom.js";

/** @typedef {import("./types.js").BrowseEntry} BrowseEntry */

/**
 * @typedef {object} FolderHost
 * @property {() => boolean} mayChoose  whether files are asked for
 * @property {() => boolean} mayChooseMany
 * @property {() => void} meant  somebody chooses here, and does not mean what was typed before
 * @property {() => void} changed
 * @property {(entry: BrowseEntry|undefined) => void} enter  go into a folder, or open the file that was chosen
 * @property {() => void} open  take what is chosen
 * @property {() => void} up
 */

/** What kind of entry a sign stands for, in words; a file is called by its name and size alone. @type {Record<string, string>} */
const SPOKEN = { "sign-folder": "folder", "sign-database": "database", "sign-list": "list" };

/** @param {number|null} size */
function sizeText(size) {
  if (size === null) return "";
  if (size < 1000) return `${size} B`;
  if (size < 1e6) return `${Math.round(size / 1000)} kB`;
  return size < 1e9 ? `${(size / 1e6).toFixed(1)} MB` : `${(size / 1e9).toFixed(1)} GB`;
}

export class FolderList {
  /** @param {HTMLElement} root @param {FolderHost} host */
  constructor(root, host) {
    this.root = root;
    this.host = host;
    /** @type {BrowseEntry[]} */
    this.entries = [];
    /** @type {Set<number>} */
    this.chosen = new Set();
    this.focused = 0;
    root.addEventListener("click", (event) => this.#click(event));
    root.addEventListener("dblclick", (event) => this.#enter(this.#indexOf(event.target)));
    root.addEventListener("keydown", (event) => this.#key(event));
  }

  /** The paths that are chosen, in the order of the list. */
  get paths() {
    return [...this.chosen].sort((a, b) => a - b).map((index) => this.entries[index]?.path ?? "");
  }

  /** @param {BrowseEntry[]} entries */
  show(entries) {
    this.entries = entries;
    this.chosen.clear();
    this.focused = 0;
    const items = entries.map((entry, index) => {
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
    this.root.replaceChildren(...items);
    this.#mark();
  }

  #mark() {
    [...this.root.children].forEach((item, index) => {
      item.setAttribute("aria-selected", String(this.chosen.has(index)));
      item.classList.toggle("focused", index === this.focused);
    });
    const focused = this.root.children[this.focused];
    focused?.scrollIntoView({ block: "nearest" });
    if (focused) this.root.setAttribute("aria-activedescendant", focused.id);
    else this.root.removeAttribute("aria-activedescendant");
    this.host.changed();
  }

  /** Go into a folder, or open a file. @param {number} index */
  #enter(index) {
    const entry = this.entries[index];
    this.host.meant();
    if (entry && entry.kind !== "folder" && this.host.mayChoose()) this.chosen.add(index);
    this.host.enter(entry);
  }

  /** @param {EventTarget|null} target */
  #indexOf(target) {
    const item = target instanceof Element ? target.closest(".entry") : null;
    return item ? [...this.root.children].indexOf(item) : -1;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const index = this.#indexOf(event.target);
    if (index < 0) return;
    this.host.meant();
    if (event.shiftKey && this.host.mayChooseMany()) this.#range(this.focused, index);
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
    if (!more || !this.host.mayChooseMany()) this.chosen.clear();
    if (this.entries[index]?.kind !== "file" || !this.host.mayChoose()) return;
    if (had && more) this.chosen.delete(index);
    else this.chosen.add(index);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const last = this.entries.length - 1;
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -last, End: last });
    const step = steps[event.key];
    if (step !== undefined) {
      const to = Math.min(Math.max(this.focused + step, 0), Math.max(last, 0));
      if (event.shiftKey && this.host.mayChooseMany()) this.#range(this.focused, to);
      this.focused = to;
    } else if (event.key === " ") {
      this.host.meant();
      this.#toggle(this.focused, true);
    } else if (event.key === "Enter") this.chosen.size > 1 ? this.host.open() : this.#enter(this.focused);
    else if (event.key === "Backspace") this.host.up();
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
