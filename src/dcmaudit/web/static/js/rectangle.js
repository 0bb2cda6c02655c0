/**
 * The handled rectangle's rule while the mouse is down: the same arithmetic as review/drag.py, which has the last
 * word when the mouse is let go.
 */

import { movement } from "./orientation.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {"middle"|"n"|"s"|"w"|"e"|"nw"|"ne"|"sw"|"se"} Handle */

/** @type {Exclude<Handle, "middle">[]} */
export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * The rectangle moved, and cut only where it is larger than the plane, so that it lies inside.
 * @param {Edges} box
 * @param {number} width
 * @param {number} height
 * @returns {Edges}
 */
export function keptInside([left, top, right, bottom], width, height) {
  const w = Math.min(right - left, width);
  const h = Math.min(bottom - top, height);
  const x = clamp(left, 0, width - w);
  const y = clamp(top, 0, height - h);
  return [x, y, x + w, y + h];
}

/**
 * One axis of a resize: the edges after one of them moved, turned over and kept a pixel apart.
 * @param {number} first
 * @param {number} last
 * @param {number} move
 * @param {"low"|"high"|"none"} which
 * @param {number} limit
 * @returns {[number, number]}
 */
function edges(first, last, move, which, limit) {
  let a = clamp(first, 0, limit - 1);
  let b = Math.max(Math.min(last, limit), 1);
  if (which === "low") a = clamp(a + move, 0, limit);
  if (which === "high") b = clamp(b + move, 0, limit);
  if (a > b) [a, b] = [b, a];
  if (a === b) return a < limit ? [a, a + 1] : [a - 1, a];
  return [a, b];
}

/**
 * The rectangle after its handle was pulled by (dx, dy) pixels from where the drag began.
 * @param {Edges} box
 * @param {Handle} handle
 * @param {number} dx
 * @param {number} dy
 * @param {number} width
 * @param {number} height
 * @returns {Edges}
 */
export function dragged(box, handle, dx, dy, width, height) {
  const [left, top, right, bottom] = box;
  if (handle === "middle") return keptInside([left + dx, top + dy, right + dx, bottom + dy], width, height);
  const high = handle.includes("e");
  const low = !high && handle.includes("w");
  const down = handle.includes("s");
  const up = !down && handle.includes("n");
  const [l, r] = edges(left, right, dx, low ? "low" : high ? "high" : "none", width);
  const [t, b] = edges(top, bottom, dy, up ? "low" : down ? "high" : "none", height);
  return [l, t, r, b];
}

/**
 * A new rectangle between two points, at least a pixel large.
 * @param {[number, number]} start  a corner of the plane's pixel grid
 * @param {[number, number]} end
 * @param {number} width
 * @param {number} height
 * @returns {Edges}
 */
export function drawn(start, end, width, height) {
  /** @param {number} a @param {number} b @param {number} limit @returns {[number, number]} */
  const axis = (a, b, limit) => {
    const [low, high] = a <= b ? [a, b] : [b, a];
    const first = clamp(Math.round(low), 0, limit - 1);
    return [first, clamp(Math.round(high), first + 1, limit)];
  };
  const [left, right] = axis(start[0], end[0], width);
  const [top, bottom] = axis(start[1], end[1], height);
  return [left, top, right, bottom];
}

/**
 * Where the eight handles are.
 * @param {Edges} box
 * @returns {Record<Exclude<Handle, "middle">, [number, number]>}
 */
export function handlePoints([left, top, right, bottom]) {
  const x = (left + right) / 2;
  const y = (top + bottom) / 2;
  return {
    nw: [left, top], n: [x, top], ne: [right, top], e: [right, y],
    se: [right, bottom], s: [x, bottom], sw: [left, bottom], w: [left, y],
  };
}

/** The corner of the plane's rectangle that is its right lower one on the screen. @param {import("./orientation.js").Orientation} orientation @returns {Handle} */
export function cornerOf(orientation) {
  const [x, y] = movement(orientation, 1, 1);
  return /** @type {Handle} */ (`${y > 0 ? "s" : "n"}${x > 0 ? "e" : "w"}`);
}

/** @param {Edges} a @param {Edges} b */
export const sameEdges = (a, b) => a.every((value, index) => value === b[index]);
