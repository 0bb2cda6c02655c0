/** Several views of one stack on one stage, each at half size or more: as many as have room, the others behind them. */

import { counted, make, setText } from "./dom.js";
import { columnsFor, together } from "./sharedstage.js";

/** @typedef {import("./projection.js").Projection} Projection */

/** The views that find text, in this order; further sheets of the text map come behind them. */
const VIEWS = /** @type {const} */ ([["max", "Maximum"], ["min", "Minimum"], ["text", "Text map"]]);

/**
 * @typedef {object} SideHost
 * @property {HTMLElement} foot
 * @property {string} onward  the key that goes to planes that no sheet shows
 * @property {() => boolean} isShown
 * @property {(how: string, sheet: number, told: () => void, sheets: (count: number) => void) => Projection} make
 */

export class SideBySide {
  /** @param {SideHost} host */
  constructor(host) {
    /** @type {SideHost} */
    this.host = host;
    this.root = make("div", "beside");
    /** @type {{view: Projection, figure: HTMLElement, words: HTMLElement, label: string}[]} */
    this.parts = [];
    /** the first picture on the stage, and how many are on it: 0 before it is known how large they are */
    this.start = this.few = 0;
    /** What further sheets are told, too. @type {{marks: import("./stackmarks.js").Mark[], limits: string}} */
    this.known = { marks: [], limits: "" };
    for (const [how, label] of VIEWS) this.#add(how, 0, label);
    this.sizes = new ResizeObserver(() => (host.isShown() ? this.#draw() : this.sizes.disconnect()));
    this.sizes.observe(this.root);
  }

  /** Fetch and show all of them. */
  async load() {
    await Promise.all(this.parts.map(({ view }) => view.load()));
  }

  focus() {
    this.parts[this.start]?.view.root.focus();
  }

  /** @param {import("./stackmarks.js").Mark[]} marks */
  outline(marks) {
    this.known.marks = marks;
    for (const { view } of this.parts) view.outline(marks);
  }

  /** @param {string} limits */
  limit(limits) {
    this.known.limits = limits;
    for (const { view } of this.parts) view.limit(limits);
  }

  /** The next pictures, or those before; false where there are none. @param {number} step */
  turn(step) {
    if (!this.few) return false;
    const to = this.start + step * this.few;
    if (to < 0 || to >= this.parts.length) return false;
    this.start = to;
    this.#draw();
    this.focus();
    return true;
  }

  /** @param {string} how @param {number} sheet @param {string} label */
  #add(how, sheet, label) {
    const view = this.host.make(how, sheet, () => this.#tell(), (count) => this.#sheets(count));
    const figure = make("figure", "");
    const words = make("figcaption", "", label);
    figure.append(view.root, words);
    this.root.append(figure);
    this.parts.push({ view, figure, words, label });
    return view;
  }

  /** The text map is whole: now it is known how many sheets it has. @param {number} count */
  #sheets(count) {
    const had = this.parts.filter(({ view }) => view.host.how === "text").length;
    for (let sheet = had; sheet < count; sheet += 1) {
      const view = this.#add("text", sheet, `Text map, sheet ${sheet + 1}`);
      view.outline(this.known.marks);
      view.limit(this.known.limits);
      void view.load();
    }
    if (count > had) this.#draw();
  }

  /** Put as many on the stage as have room. */
  #draw() {
    const { naturalWidth, naturalHeight } = this.parts.find(({ view }) => view.image.naturalWidth)?.view.image ?? {};
    const { clientWidth, clientHeight } = this.root;
    if (!naturalWidth || !naturalHeight || !clientWidth) return;
    /** @type {import("./sharedstage.js").Room} */
    const room = { stage: [clientWidth, clientHeight], plane: [naturalWidth, naturalHeight], ratio: devicePixelRatio };
    const few = together(this.parts.length, room);
    // Another size of the window: the picture that was the first on the stage is still on it.
    if (few !== this.few) [this.few, this.start] = [few, Math.floor(this.start / few) * few];
    this.parts.forEach(({ figure }, place) => (figure.hidden = place < this.start || place >= this.start + few));
    const { columns } = columnsFor(few, room);
    this.root.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    this.root.style.gridTemplateRows = `repeat(${Math.ceil(few / columns)}, minmax(0, 1fr))`;
    this.#tell();
  }

  /** What each of them is, and how far; what is true of all stands below. */
  #tell() {
    if (!this.host.isShown()) return;
    const [first] = this.parts;
    if (!first) return;
    if (!this.few) this.#draw();
    for (const { view, words, label } of this.parts) {
      const [through, total] = view.through;
      setText(words, view.failed ? `${label}: ${view.failed}` : view.isWhole ? `${label}${view.small ? ` · ${view.small}` : ""}` : `${label} · ${through} of ${total} so far`);
      words.dataset.bad = view.failed || view.small ? "yes" : "no";
    }
    const { foot, onward } = this.host;
    const count = this.parts.length;
    const end = Math.min(count, this.start + this.few);
    const failed = this.parts.filter(({ view }) => view.failed).length;
    const isWhole = this.parts.every(({ view }) => view.failed || view.isWhole);
    const leftOut = Math.max(...this.parts.map(({ view }) => view.leftOut));
    const alone = Math.max(...this.parts.map(({ view }) => view.alone));
    const { limits, host: { group, lone } } = first.view;
    const planes = counted(first.view.through[1] - leftOut, "plane");
    const most = `${counted(count, "picture")} of ${planes}, at half size or more.`;
    const part = `Pictures ${this.start + 1} to ${end} of ${count}: ${end < count ? "PageDown goes on" : "PageUp goes back"}.`;
    const words = [
      // How large they are is known once there is one of them.
      ...(this.few ? [this.few < count ? part : most] : []),
      ...(group.index === "series" ? ["Image frames of the series alone: look at overlays and what else there is by themselves."] : []),
      ...(failed ? [`${counted(failed, "picture")} cannot be shown: look at the planes one by one.`] : []),
      ...(isWhole ? [] : ["Nothing counts before all planes are in."]),
      ...(leftOut ? [`${counted(leftOut, "plane")} could not be read and must be looked at alone.`] : []),
      ...(alone ? [`${counted(alone, "plane has", "planes have")} writing that no sheet shows: ${onward} goes there.`] : []),
      ...[limits, lone].filter(Boolean),
      "A glance: no plane counts as seen. Tab goes from picture to picture; in each, click, drag and arrows do what they do in it alone.",
    ];
    setText(foot, words.join(" "));
    foot.dataset.bad = leftOut || alone || limits || lone || failed || end < count ? "yes" : "no";
  }
}
