/** Where a picture that is fitted into its box lies on the page, and which of its pixels are where. */

import { clamp } from "./rectangle.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {[number, number]} Point  in pixels of the plane */

/**
 * The pixels between two, both of them in it.
 * @param {Point} one
 * @param {Point} other
 * @returns {Edges}
 */
export function between([ax, ay], [bx, by]) {
  return [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx) + 1, Math.max(ay, by) + 1];
}

/** Where the picture lies within its box, and how large a pixel of it is there, in CSS pixels. @param {HTMLImageElement} image */
export function placeOf(image) {
  const { naturalWidth, naturalHeight } = image;
  const area = image.getBoundingClientRect();
  const scale = Math.min(area.width / naturalWidth, area.height / naturalHeight);
  const left = area.left + (area.width - naturalWidth * scale) / 2;
  const top = area.top + (area.height - naturalHeight * scale) / 2;
  return { left, top, scale, width: naturalWidth, height: naturalHeight };
}

/** The pixel of the plane below the mouse, and whether it is on the picture. @param {HTMLImageElement} image @param {MouseEvent} event */
export function pixelOf(image, event) {
  const { left, top, scale, width, height } = placeOf(image);
  const [x, y] = [Math.floor((event.clientX - left) / scale), Math.floor((event.clientY - top) / scale)];
  const isInside = x >= 0 && y >= 0 && x < width && y < height;
  return { at: /** @type {Point} */ ([clamp(x, 0, width - 1), clamp(y, 0, height - 1)]), isInside };
}
