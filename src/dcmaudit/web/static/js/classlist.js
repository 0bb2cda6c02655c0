/** The list of classes beside their tiles: every file first, then each class with its counts. */

import { counted, numbered, printable, setText, setTitle, stamp, within } from "./dom.js";

/** @typedef {import("./types.js").ClassRow} ClassRow */

/** The entry of the list that has every file. */
export const EVERY = -1;
const STEPS = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity });

/**
 * @typedef {object} ListHost
 * @property {() => number} total  how many files the worklist has
 * @property {(chosen: number) => void} choose  a class, or EVERY
 * @property {() => void} enter  the keyboard goes on to the tiles
 */

export class ClassList {
  /** @param {ListHost} host @param {HTMLElement} root */
  constructor(host, root) {
    this.host = host;
    this.root = root;
    /** @type {ClassRow[]} */
    this.rows = [];
    this.chosen = EVERY;
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("click", (event) => {
      const row = event.target instanceof Element ? event.target.closest("[data-number]") : null;
      if (row instanceof HTMLElement) host.choose(Number(row.dataset.number));
    });
  }

  /** The class that is chosen; undefined for every file. */
  get row() {
    return this.rows.find((row) => row.number === this.chosen);
  }

  /** @param {ClassRow[]} rows */
  show(rows) {
    this.rows = rows;
    this.#draw();
  }

  /** @param {number} chosen */
  choose(chosen) {
    this.chosen = chosen;
    this.#draw();
    document.getElementById(`class-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }

  #draw() {
    // nodes stay where they can: a screen reader would begin anew at each number that changes
    const old = new Map([...this.root.children].map((node) => [node instanceof HTMLElement ? node.dataset.number : "", node]));
    const total = this.host.total();
    /** @type {[number, string, string, string, boolean][]} */
    const wanted = [[EVERY, "All files", "in the order of the list", counted(total, "file"), false]];
    for (const row of this.rows) {
      const series = row.series === null ? "" : ` · series ${row.series}`;
      const apart = row.apart ? `${numbered(row.apart)} apart` : "all the same";
      const looked = row.through < row.files ? `, ${numbered(row.through)} looked at` : "";
      wanted.push([row.number, printable(row.title), printable(`${row.device}${series}`), `${counted(row.files, "file")}, ${numbered(row.waiting)} to do · ${apart}${looked}`, row.apart > 0]);
    }
    const nodes = wanted.map(([place, title, device, words, isApart]) => {
      const known = old.get(String(place));
      const node = known instanceof HTMLElement ? known : stamp("t-class");
      node.dataset.number = String(place);
      node.id = `class-${place}`;
      node.dataset.apart = String(isApart);
      setText(within(node, ".class-title", HTMLElement), title);
      setText(within(node, ".class-device", HTMLElement), device);
      setText(within(node, ".class-counts", HTMLElement), words);
      setTitle(node, `${title}\n${device}\n${words}`);
      node.setAttribute("aria-selected", String(place === this.chosen));
      return node;
    });
    if (nodes.some((node, place) => this.root.children[place] !== node) || nodes.length !== this.root.children.length) {
      this.root.replaceChildren(...nodes);
    }
    this.root.setAttribute("aria-activedescendant", `class-${this.chosen}`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const numbers = [EVERY, ...this.rows.map((row) => row.number)];
    const place = numbers.indexOf(this.chosen);
    const step = STEPS[event.key];
    if (event.key === "Enter" || event.key === " ") this.host.enter();
    else if (step !== undefined) {
      const to = numbers[Math.max(0, Math.min(numbers.length - 1, place + step))];
      if (to !== undefined && to !== this.chosen) this.host.choose(to);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
