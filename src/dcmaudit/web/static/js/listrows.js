/** The arithmetic of the list of files, and what its rows say: nothing here touches the page. */

import { printable } from "./dom.js";

/** @typedef {import("./types.js").WorklistRow} WorklistRow */

/** Height of a row in CSS pixels. */
export const ROW = 28;
/** Browsers cannot lay out boxes much higher than this; longer lists scroll in larger steps. */
export const HIGHEST = 12_000_000;

/** Which rows of a list of `total` are in sight, in a box of `height` pixels that is scrolled to `scrolled`. */
export class ListWindow {
  /** @param {number} total @param {number} height @param {number} scrolled */
  constructor(total, height, scrolled) {
    this.total = total;
    this.height = height;
    this.scrolled = scrolled;
  }

  /** How high the scrolled box must be. */
  get full() {
    return Math.min(this.total * ROW, HIGHEST);
  }

  /** How many list pixels one scrolled pixel stands for. */
  get stretch() {
    const full = this.total * ROW;
    return full <= HIGHEST ? 1 : (full - this.height) / (HIGHEST - this.height);
  }

  /** The first row in sight. */
  get first() {
    return Math.floor((this.scrolled * this.stretch) / ROW);
  }

  /** How many rows fit, the cut ones too. */
  get visible() {
    return Math.ceil(this.height / ROW) + 1;
  }

  /** The row after the last one in sight. */
  get end() {
    return Math.min(this.total, this.first + this.visible);
  }

  /** Where a row lies within the scrolled box. @param {number} place */
  topOf(place) {
    const offset = this.scrolled - (this.scrolled * this.stretch - this.first * ROW);
    return offset + (place - this.first) * ROW;
  }

  /** To where the box must be scrolled for a row to be in sight; where it is, if it is already. @param {number} place */
  revealing(place) {
    const top = (place * ROW) / this.stretch;
    const view = this.height - ROW;
    if (top < this.scrolled) return Math.max(0, top - ROW);
    return top > this.scrolled + view ? top - view + ROW : this.scrolled;
  }
}

/**
 * The state of a file in words, with who finished it.
 * @param {{state: string, done_by: string|null}} file
 */
export function finished({ state, done_by: who }) {
  return who && (state === "done" || state === "tagged") ? `${state} by ${printable(who)}` : state;
}

/**
 * The sign of a row. One of its own where not all could be audited: what is done is done, and not all of it was looked at
 * all the same.
 * @param {WorklistRow|undefined} row
 */
export function signOf(row) {
  if (!row) return "unknown";
  const waits = row.state === "not reviewed" || row.state === "in work";
  if (row.problem && (waits || !row.gap)) return "problem";
  if (row.gap) return waits ? "not audited" : `${row.state} not audited`;
  return row.state;
}

/** What a screen reader says of a row. @param {WorklistRow} row */
export function labelOf(row) {
  const number = row.index === null ? "left out by the options" : row.index + 1;
  const state = row.problem ? "cannot be shown" : finished(row);
  return `${number} ${row.short}, ${state}${row.gap ? ", not wholly audited" : ""}`;
}

/** What the mouse tells of a row. @param {WorklistRow} row */
export function tooltipOf(row) {
  return `${printable(row.name)}\n${row.problem ?? finished(row)}${row.gap ? `, not wholly audited\n${printable(row.gap)}` : ""}`;
}
