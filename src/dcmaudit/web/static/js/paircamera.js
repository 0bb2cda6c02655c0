/** Where a plane lies on two canvases of one size: one place for both, so that they move and grow together. */

/** @typedef {{scale: number, x: number, y: number}} Place  pixels of the canvas for a pixel of the plane; its corner */

const LARGEST = 64;
const SMALLEST = 1 / 64;

/**
 * The whole plane in the middle, as large as it fits.
 * @param {[number, number]} plane
 * @param {[number, number]} canvas
 * @returns {Place}
 */
export function fitted([width, height], [across, down]) {
  if (!width || !height) return { scale: 1, x: 0, y: 0 };
  const scale = Math.min(across / width, down / height);
  return { scale, x: (across - width * scale) / 2, y: (down - height * scale) / 2 };
}

/**
 * Larger or smaller; what lies under `at` stays there.
 * @param {Place} place
 * @param {number} factor
 * @param {[number, number]} at
 * @returns {Place}
 */
export function zoomed({ scale, x, y }, factor, [left, top]) {
  const to = Math.min(LARGEST, Math.max(SMALLEST, scale * factor));
  const grown = to / scale;
  return { scale: to, x: left - (left - x) * grown, y: top - (top - y) * grown };
}

/**
 * @param {Place} place
 * @param {number} across
 * @param {number} down
 * @returns {Place}
 */
export function moved({ scale, x, y }, across, down) {
  return { scale, x: x + across, y: y + down };
}
