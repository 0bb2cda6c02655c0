/** The line above the stage: which file and plane, whose list, and what view hides something. */

import { byId, make, numbered, printable, setHidden, setText, setTitle } from "./dom.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./api.js").Remark} Remark */

export class TopLine {
  /** @param {(command: string) => string} keyOf  how the key of a command is written */
  constructor(keyOf) {
    this.keyOf = keyOf;
    /** @type {Remark|null} */
    this.remark = null;
    /** What holds as long as a key is held down. */
    this.held = "";
    /** What the line was written from. @type {unknown[]} */
    this.writtenFrom = [];
    /** The warning of a database that was called right, or "". */
    this.accepted = "";
    byId("freshclose", HTMLButtonElement).addEventListener("click", () => {
      this.accepted = byId("freshtext", HTMLElement).textContent ?? "";
      setHidden(byId("fresh", HTMLElement), true);
      byId("stage", HTMLElement).focus();
    });
  }

  /**
   * @param {ViewState} state
   * @param {Remark|null} [remark]  what has to be said of the picture; left out where it is the same one
   */
  update(state, remark = this.remark) {
    this.remark = remark;
    const { worklist, file, plane, stack, database, user, viewer } = state;
    this.#title(plane?.title ?? "");
    this.#note();
    // A step to a plane beside changes nothing of what follows: its state has the same parts.
    const from = [worklist, file, stack, database, user, viewer];
    if (from.every((each, place) => each === this.writtenFrom[place])) return;
    this.writtenFrom = from;
    const total = numbered(worklist.total);
    setText(byId("position", HTMLElement), worklist.number === null ? (file ? `–/${total}` : "") : `${worklist.number}/${total}`);
    setHidden(byId("tagged", HTMLElement), !file?.tagged);
    const name = byId("filename", HTMLElement);
    setText(name, file?.short ?? "");
    setTitle(name, printable(file?.name ?? ""));
    setText(byId("stackwords", HTMLElement), stack ? `${stack.words}, ${stack.order}` : "");
    const comment = byId("commentline", HTMLElement);
    setText(comment, file?.comment ?? "");
    setTitle(comment, file?.comment ?? "");
    const left = `${numbered(worklist.left)} left${worklist.growing ? " …" : ""}`;
    setText(byId("left", HTMLElement), file || worklist.total ? left : "");
    setText(byId("user", HTMLElement), user);
    const store = byId("store", HTMLElement);
    const location = database?.location ?? "";
    setText(store, location ? `${location.split("/").slice(-2).join("/")}${database?.writable ? "" : " (read only)"}` : "");
    setTitle(store, location ? `Database: ${location}` : "");
    setHidden(byId("viewer", HTMLElement), !viewer);
    setHidden(byId("changed", HTMLElement), !file?.changed);
    const fresh = database?.warning ?? "";
    setText(byId("freshtext", HTMLElement), fresh);
    setHidden(byId("fresh", HTMLElement), !fresh || fresh === this.accepted);
    const title = worklist.number === null ? "dcmaudit" : `${worklist.number}/${worklist.total} · dcmaudit`;
    // the browser tells its window of a title, the same one included
    if (document.title !== title) document.title = title;
  }

  /** Beside the title, never over the image: what holds as long as a key is held down. @param {string} words */
  hold(words) {
    this.held = words;
    this.#note();
  }

  #note() {
    const note = byId("planenote", HTMLElement);
    const words = [this.held, this.remark?.text].filter(Boolean).join(" · ");
    setText(note, words);
    setTitle(note, words);
  }

  /**
   * The title of the plane, in a box of its own size: that box alone is laid out where another title is as long.
   * @param {string} text
   */
  #title(text) {
    const title = byId("planetitle", HTMLElement);
    const before = title.firstChild;
    if (before instanceof Text && before.data.length === text.length) {
      if (before.data !== text) before.data = text;
      return;
    }
    title.textContent = text;
    title.style.setProperty("--letters", String(text.length));
  }

  /**
   * Above the stage, as long as they hold: views in which something cannot be seen.
   * @param {ViewState} state
   * @param {Remark|null} remark
   * @param {{zoom: string, isPart: boolean}|null} kept  the zoom that stays between planes, and whether parts are off the stage
   * @param {string} own  a window that a person has set, empty where there is none
   */
  words(state, remark, kept, own) {
    const { view, file } = state;
    const told = [];
    if (file && own) told.push([own, "text may be hidden: does not count as seen", "double click"]);
    else if (file && view.rendering === "voi" && (remark?.rendering ?? "voi") === "voi") told.push(["VOI window", "text may be hidden: does not count as seen", this.keyOf("voi")]);
    if (file && !view.redacted) told.push(["Without redaction", "marks are shown open", this.keyOf("show-redacted")]);
    if (file && kept) told.push([`Zoom stays at ${kept.zoom}`, kept.isPart ? "parts are off the stage" : "", this.keyOf("keep-zoom")]);
    const signature = told.map((each) => each.join()).join("|");
    const bar = byId("words", HTMLElement);
    if (bar.dataset.text === signature) return;
    bar.dataset.text = signature;
    bar.hidden = told.length === 0;
    byId("workspace", HTMLElement).dataset.words = told.length ? "yes" : "no";
    bar.replaceChildren(...told.map(([what, means, key]) => {
      const item = make("span", "word");
      // several at once have no room for more than their names
      item.append(make("b", "", what), told.length > 1 ? " " : ` ${means} `, make("kbd", "", key));
      item.title = means ?? "";
      return item;
    }));
  }

  /** @param {boolean} on */
  capsLock(on) {
    setHidden(byId("caps", HTMLElement), !on);
  }
}
