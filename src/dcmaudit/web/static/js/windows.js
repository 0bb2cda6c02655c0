/** Windows by name: those that are usual for a modality, and those that lie in the values of the plane itself. */

import { boundsOf } from "./levels.js";

/** @typedef {import("./levels.js").Window} Window */
/** @typedef {import("./levels.js").Made} Made */
/** @typedef {{name: string, window: Window}} Named */

/** Usual windows of CT in Hounsfield units, centre and width. @type {[string, number, number][]} */
const CT = [
  ["Soft tissue", 40, 400], ["Lung", -600, 1500], ["Bone", 480, 2500], ["Brain", 40, 80], ["Stroke", 35, 40], ["Subdural", 75, 215],
  ["Temporal bone", 600, 2800], ["Liver", 90, 150], ["Mediastinum", 50, 350], ["Angiography", 300, 600],
];
/** Parts of the values of a plane, in percent, for everything that has no unit to go by. @type {[string, number, number][]} */
const PARTS = [
  ["All but the outer 1 %", 1, 99], ["All but the outer 5 %", 5, 95], ["Lower half of the values", 0, 50],
  ["Upper half of the values", 50, 100], ["Lowest tenth of the values", 0, 10], ["Highest tenth of the values", 90, 100],
];

/** @param {string|null} modality @param {Made} plane @returns {Named[]} */
export function windowsFor(modality, plane) {
  const named = modality === "CT" ? CT.map(([name, center, width]) => ({ name, window: { center, width } })) : [];
  return [...named, ...partsOf(plane)];
}

/** @param {Made} plane @returns {Named[]} */
function partsOf(plane) {
  const sorted = sample(plane);
  if (!sorted.length) return [];
  const at = (/** @type {number} */ percent) => sorted[Math.round((percent / 100) * (sorted.length - 1))] ?? 0;
  return PARTS.map(([name, low, high]) => ({ name, window: between(plane, at(low), at(high)) }));
}

/** Values with their sign, in order: of a large plane every so many. @param {Made} plane */
function sample({ cells, signed, bits }) {
  if (!cells) return new Float64Array(0);
  const step = Math.max(1, Math.floor(cells.length / 100_000));
  const half = 2 ** (bits - 1);
  const found = new Float64Array(Math.ceil(cells.length / step));
  for (let i = 0; i < found.length; i += 1) {
    const value = /** @type {number} */ (cells[i * step]);
    found[i] = signed && value >= half ? value - 2 * half : value;
  }
  return found.sort();
}

/** The window from one stored value to another, both shown; in the units of windows. @param {Made} plane @param {number} low @param {number} high @returns {Window} */
export function between({ scale }, low, high) {
  const [slope, intercept] = scale ?? [1, 0];
  const ends = [low * slope + intercept, high * slope + intercept];
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  // PS3.3 C.11.2.1.2.1: from c - 0.5 - (w-1)/2 to c - 0.5 + (w-1)/2
  return { center: (first + last) / 2 + 0.5, width: Math.max(1, last - first + 1) };
}

/** The window of what lies in a part of the plane; null outside of it. @param {Made} plane @param {import("./types.js").Edges} box @returns {Window|null} */
export function windowOf(plane, box) {
  const bounds = boundsOf(plane, box);
  return bounds && between(plane, ...bounds);
}
