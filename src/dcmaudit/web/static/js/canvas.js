/** Canvases. */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {boolean} alpha  an opaque canvas is put on the screen faster
 * @returns {CanvasRenderingContext2D}
 */
export function context(canvas, alpha) {
  const found = canvas.getContext("2d", { alpha });
  if (!found) throw new Error("this browser has no 2d canvas");
  return found;
}
