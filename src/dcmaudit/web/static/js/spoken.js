/** What a screen reader says without being asked: the plane, what became of it and its file, where the rectangle was moved. */

import { settled } from "./dom.js";
import { explain } from "./sources.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {import("./types.js").ViewState} ViewState */

/** How long the rectangle rests before its place is said, and a held key is up before what was said meanwhile is said again. */
const REST = 400;
/** Between taking a text away and saying it again: without it nothing would have changed. */
const GAP = 60;

/** @param {ViewState} state @param {string} remark  on the plane, empty where there is none @returns {string} */
export function placeWords({ worklist, plane, rects, chosen }, remark) {
  if (!plane) return "";
  const one = chosen === null ? undefined : rects.find(({ id }) => id === chosen);
  return `${worklist.number ?? ""} of ${worklist.total}, ${plane.title}${remark && `: ${remark}`}${one ? `. Chosen: ${explain(one)}` : ""}`;
}

/**
 * What became of the plane and file on the screen since the state before; empty where another one is shown.
 * @param {ViewState|null} before
 * @param {ViewState} state
 * @returns {string}
 */
export function changeWords(before, { file, plane, rects }) {
  if (!before?.file || !file || file.file_id !== before.file.file_id) return "";
  const told = [];
  const marks = rects.filter(({ stored }) => stored).length;
  if (plane && plane.key === before.plane?.key && marks !== before.rects.filter(({ stored }) => stored).length) {
    told.push(marks === 1 ? "1 mark on this plane." : `${marks || "No"} marks on this plane.`);
  }
  if (file.state !== before.file.state && (file.state === "done" || file.state === "tagged")) told.push(`The file is ${file.state}.`);
  if (file.comment !== before.file.comment) told.push(file.comment ? "The comment is stored." : "The comment is gone.");
  return told.join(" ");
}

/** @param {Edges} box @returns {string} */
export function boxWords([left, top, right, bottom]) {
  return `Rectangle at ${left}, ${top}, ${right - left} by ${bottom - top} pixels.`;
}

export class Spoken {
  /** @param {HTMLElement} region  a live one */
  constructor(region) {
    this.region = region;
    /** @type {ViewState|null} */
    this.state = null;
    this.place = "";
    this.warning = "";
    /** When a key began to repeat; 0: none is held. */
    this.heldSince = 0;
    this.saidAt = 0;
    /** @type {() => Edges|null} */
    this.box = () => null;
    this.rested = settled(() => {
      const box = this.box();
      if (box) this.say(boxWords(box));
    }, REST);
  }

  /** @param {string} text */
  say(text) {
    this.saidAt = performance.now();
    if (this.region.textContent !== text) this.region.textContent = text;
    else if (text) this.#anew(text);
  }

  /** What is on the screen now. @param {ViewState} state @param {string} remark  on the plane */
  update(state, remark) {
    const place = placeWords(state, remark);
    const warning = state.database?.warning ?? "";
    const words = [place !== this.place ? place : "", changeWords(this.state, state), warning !== this.warning ? warning : ""];
    const told = words.filter(Boolean).join(". ");
    if (told || !place) this.say(told);
    this.place = place;
    this.warning = warning;
    this.state = state;
  }

  /** The rectangle is moved with keys. @param {() => Edges|null} box  where it is */
  moved(box) {
    this.box = box;
    this.rested();
  }

  /** A key that is held comes again: each time cuts short what a screen reader was saying. */
  held() {
    if (!this.heldSince) this.heldSince = performance.now();
  }

  /** Keys are up: what was said meanwhile was not heard, and is said again. @param {string} message  that is shown as well */
  letGo(message) {
    const since = this.heldSince;
    this.heldSince = 0;
    const said = this.saidAt;
    if (!since || said < since) return;
    setTimeout(() => {
      if (this.saidAt === said && !this.heldSince) this.#anew([this.place, message].filter(Boolean).join(". "));
    }, REST);
  }

  /** @param {string} text */
  #anew(text) {
    this.region.textContent = "";
    setTimeout(() => {
      if (this.region.textContent === "") this.region.textContent = text;
    }, GAP);
  }
}
