/** What is known of one class: its words, its concerns, and the pictures that are made of all of its files. */

import { counted, make, numbered, printable, setText, within } from "./dom.js";

/** @typedef {import("./types.js").ClassRow} ClassRow */

const PICTURES = /** @type {const} */ ([
  ["typical", "Typical", "the file that is most like the others"],
  ["max", "Maximum", "the brightest that any frame of any file has there"],
  ["min", "Minimum", "the darkest that any frame of any file has there"],
  ["mean", "Mean", "the mean of all frames of all files"],
  ["range", "Range", "how far brightest and darkest are apart"],
  ["text", "Text", "how likely text is there, in the file where it is likeliest"],
]);

export class ClassHead {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./areabox.js").Areabox} area  where the picture is
   * @param {HTMLElement} root
   */
  constructor(api, area, root) {
    this.api = api;
    this.area = area;
    this.root = root;
    this.words = within(root, ".class-words", HTMLElement);
    this.kinds = within(root, ".class-kinds", HTMLElement);
    this.picture = "typical";
    /** @type {ClassRow|undefined} */
    this.row = undefined;
    for (const [kind, label, title] of PICTURES) {
      const made = make("button", "", label);
      made.type = "button";
      made.dataset.name = kind;
      made.title = title;
      made.addEventListener("click", () => this.#choose(kind));
      this.kinds.append(made);
    }
  }

  /** @param {ClassRow|undefined} row  undefined: every file, of which there is nothing to tell */
  show(row) {
    this.row = row;
    this.root.hidden = !row;
    if (!row) return;
    setText(within(this.words, "h3", HTMLElement), printable(row.title));
    const series = row.series === null ? "" : ` · series ${row.series}`;
    setText(within(this.words, ".class-device", HTMLElement), printable(`${row.device}${series}`));
    const looked = row.through < row.files ? `, ${numbered(row.through)} of them looked at` : "";
    setText(within(this.words, ".class-counts", HTMLElement), `${counted(row.files, "file")}${looked}, ${counted(row.planes, "plane")}; ${numbered(row.waiting)} not done`);
    const list = within(this.words, ".class-concerns", HTMLElement);
    const told = row.concerns.map(({ words, count }) => `${numbered(count)}: ${words}`);
    if (row.crowded) told.push("no room for pictures of so many classes");
    if (list.textContent !== told.join("")) list.replaceChildren(...told.map((words) => make("li", "", words)));
    this.#draw(row);
  }

  /** @param {string} kind */
  #choose(kind) {
    this.picture = kind;
    if (this.row) this.#draw(this.row);
  }

  /** @param {ClassRow} row */
  #draw(row) {
    // without a known size the files cannot be laid over each other
    const kind = row.scale === null ? "typical" : this.picture;
    for (const button of this.kinds.querySelectorAll("button")) {
      if (!(button instanceof HTMLButtonElement)) continue;
      button.setAttribute("aria-pressed", String(button.dataset.name === kind));
      button.disabled = row.scale === null && button.dataset.name !== "typical";
    }
    const { api } = this;
    const src = kind === "typical" ? api.thumb(row.file_id, row.key, 640) : `${api.spread(row.number, kind)}&through=${row.through}`;
    const label = PICTURES.find(([name]) => name === kind)?.[2] ?? "";
    this.area.show(src, row.size, label);
  }
}
