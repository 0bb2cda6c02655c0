/**
 * How a picture is turned on the screen: mirrored or not, then by quarters to the right. Whole pixels go to whole pixels,
 * so that every value stays what it is. Shared by the page and its worker.
 */

/** @typedef {import("./scaling.js").Size} Size */
/** @typedef {{left: number, top: number, width: number, height: number}} Area  in device pixels */
/** `quarters` to the right, 0 to 3, after mirroring left and right. @typedef {{quarters: number, mirrored: boolean}} Orientation */

/** @type {Orientation} */
export const UPRIGHT = { quarters: 0, mirrored: false };

/** @param {Orientation} orientation */
export const isUpright = ({ quarters, mirrored }) => quarters === 0 && !mirrored;

/** Whether width and height change places. @param {Orientation} orientation */
export const isAcross = ({ quarters }) => quarters % 2 === 1;

/** A size after turning, or before: the same either way. @param {Orientation} orientation @param {Size} size @returns {Size} */
export const sizeOf = (orientation, { width, height }) => (isAcross(orientation) ? { width: height, height: width } : { width, height });

/** Turned on, as it is seen on the screen. @param {Orientation} orientation @param {number} quarters  to the right @returns {Orientation} */
export const turned = ({ quarters: before, mirrored }, quarters) => ({ quarters: (before + quarters + 4) % 4, mirrored });

/** Left and right changed, as it is seen on the screen. @param {Orientation} orientation @returns {Orientation} */
export const mirrored = ({ quarters, mirrored: before }) => ({ quarters: (4 - quarters) % 4, mirrored: !before });

/**
 * From a point of the upright picture to the screen.
 * @param {Orientation} orientation
 * @param {number} x
 * @param {number} y
 * @param {Size} upright  size of the upright picture
 * @returns {[number, number]}
 */
export function fromUpright({ quarters, mirrored: isMirrored }, x, y, { width, height }) {
  const across = isMirrored ? width - x : x;
  if (quarters === 1) return [height - y, across];
  if (quarters === 2) return [width - across, height - y];
  return quarters === 3 ? [y, width - across] : [across, y];
}

/**
 * From a point of the screen to the upright picture.
 * @param {Orientation} orientation
 * @param {number} x
 * @param {number} y
 * @param {Size} upright
 * @returns {[number, number]}
 */
export function toUpright({ quarters, mirrored: isMirrored }, x, y, { width, height }) {
  const [across, down] = quarters === 1 ? [y, height - x] : quarters === 2 ? [width - x, height - y] : quarters === 3 ? [width - y, x] : [x, y];
  return [isMirrored ? width - across : across, down];
}

/** A movement on the screen as one of the upright picture. @param {Orientation} orientation @param {number} dx @param {number} dy @returns {[number, number]} */
export function movement(orientation, dx, dy) {
  const size = { width: 0, height: 0 };
  const [x, y] = toUpright(orientation, dx, dy, size);
  return [x + 0, y + 0]; // no -0
}

/** Where a part of the upright picture lies on the screen. @param {Orientation} orientation @param {Area} area @param {Size} upright @returns {Area} */
export function areaOf(orientation, area, upright) {
  const [x0, y0] = fromUpright(orientation, area.left, area.top, upright);
  const [x1, y1] = fromUpright(orientation, area.left + area.width, area.top + area.height, upright);
  return { left: Math.min(x0, x1), top: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) };
}

/**
 * Put pixels as they are on the screen.
 * @param {Orientation} orientation
 * @param {Uint32Array} upright
 * @param {Size} size  of the upright picture
 * @param {Uint32Array} out
 */
export function turnPixels(orientation, upright, size, out) {
  const { width, height } = sizeOf(orientation, size);
  /** @param {number} x @param {number} y */
  const from = (x, y) => {
    const [across, down] = toUpright(orientation, x + 0.5, y + 0.5, size);
    return Math.floor(down) * size.width + Math.floor(across);
  };
  const start = from(0, 0);
  const right = width > 1 ? from(1, 0) - start : 0;
  const below = height > 1 ? from(0, 1) - start : 0;
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0, place = start + y * below; x < width; x += 1, at += 1, place += right) out[at] = /** @type {number} */ (upright[place]);
  }
}
