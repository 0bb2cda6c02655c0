/** The contact sheet of a file: every plane as a tile, fetched as it comes into sight. */

import { counted, printable, setText } from "./dom.js";
import { firstSize } from "./tilegrid.js";
import { Tiles } from "./tiles.js";

/** @typedef {import("./types.js").PlaneEntry} PlaneEntry */

const PAGE = 120;
/** From this likelihood of text on, a plane stands out; see `commands/suspicion.py`. */
const HOT = 0.5;
const SIGNS = /** @type {Record<string, string>} */ ({ seen: "check", "": "not-reviewed" });
export const HINT = "A click goes to the plane. Small pictures are a glance: a plane counts as seen only on the stage.";

/**
 * @typedef {object} PlaneSheetHost
 * @property {import("./api.js").Api} api
 * @property {number} file
 * @property {number} total
 * @property {number} here  index of the plane on the stage
 * @property {(index: number) => void} go
 * @property {(key: string) => void} sighted
 */

export class PlaneSheet {
  /** @param {PlaneSheetHost} host @param {HTMLElement} foot */
  constructor(host, foot) {
    this.host = host;
    this.foot = foot;
    this.isOver = false;
    this.questions = new AbortController();
    /** @type {Map<number, PlaneEntry>} */
    this.planes = new Map();
    /** @type {Set<number>} */
    this.asked = new Set();
    /** @type {Set<string>} */
    this.told = new Set();
    this.state = "";
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.later = undefined;
    this.tiles = new Tiles({
      tile: (index) => this.#tile(index),
      want: (first, end) => this.#want(first, end),
      open: (index) => host.go(index),
      sighted: (index) => this.#sighted(index),
    }, { chooses: false, size: firstSize(160, innerWidth), label: "Planes of this file" });
    setText(foot, `${counted(host.total, "plane")}. ${HINT}`);
  }

  begin() {
    this.tiles.show(Array.from({ length: this.host.total }, (_none, index) => index), this.host.here);
    this.tiles.root.focus({ preventScroll: true });
  }

  /** What was seen or marked meanwhile is asked for again. @param {import("./types.js").ViewState} state */
  update({ file, rects, database }) {
    const told = [file?.seen, file?.partly, file?.glanced, rects.length, database.changes].join("|");
    if (told === this.state) return;
    this.state = told;
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      this.asked.clear();
      const { view } = this.tiles;
      this.#want(view.first(), view.end());
    }, 400);
  }

  end() {
    this.isOver = true;
    this.questions.abort();
    clearTimeout(this.later);
    this.tiles.end();
  }

  /** @param {number} first @param {number} end */
  #want(first, end) {
    for (let page = Math.floor(first / PAGE); page * PAGE < end; page += 1) if (!this.asked.has(page)) void this.#load(page);
  }

  /** @param {number} page */
  async #load(page) {
    this.asked.add(page);
    try {
      const { planes } = await this.host.api.planes(this.host.file, page * PAGE, PAGE, this.questions.signal);
      if (this.isOver) return;
      for (const plane of planes) this.planes.set(plane.index, plane);
      this.tiles.refresh();
    } catch (error) {
      if (!this.isOver) setText(this.foot, error instanceof Error ? error.message : "");
    }
  }

  /** @param {number} index @returns {import("./tiles.js").Tile|null} */
  #tile(index) {
    const plane = this.planes.get(index);
    if (!plane) return null;
    const edge = this.tiles.size * devicePixelRatio;
    const isShown = plane.kind !== "not audited";
    const how = plane.seen === "seen" ? "seen" : plane.seen === "" ? "not seen" : plane.seen;
    const why = isShown ? (plane.heat >= HOT ? `text ${Math.round(100 * plane.heat)} %` : "") : "cannot be shown";
    const marked = plane.marks.length ? `, ${counted(plane.marks.length, "mark")}` : "";
    const words = `${how}${marked}${why ? `, ${why}` : ""}`;
    return {
      src: isShown ? this.host.api.thumb(this.host.file, plane.key, edge <= 160 ? 160 : edge <= 320 ? 320 : 640) : null,
      title: printable(plane.title),
      tip: `${printable(plane.title)}\n${words}`,
      label: `${how}${marked}`,
      sign: isShown ? (SIGNS[plane.seen] ?? "in-work") : "not-audited",
      why,
      here: index === this.host.here,
      size: plane.size,
      marks: plane.marks,
      found: [],
      key: plane.key,
    };
  }

  /** @param {number} index */
  #sighted(index) {
    const key = this.planes.get(index)?.key;
    if (key === undefined || this.told.has(key)) return;
    this.told.add(key);
    this.host.sighted(key);
  }
}
