/** Where a note stands that is about a rectangle: beside it, never on it, and inside of the page. */

const AWAY = 6;
const EDGE = 4;

/**
 * @param {{width: number, height: number}} note  its size
 * @param {import("./types.js").Edges} area  of the rectangle
 * @param {[number, number]} point  where one looks: the mouse, or the corner of the rectangle
 * @param {{width: number, height: number}} page  all in CSS pixels
 * @returns {[number, number]} left and top: below the rectangle, else above it, right or left of it, else in the corner
 * that is away from the point, where it covers least
 */
export function beside({ width, height }, [left, top, right, bottom], [x, y], page) {
  const inWidth = (/** @type {number} */ at) => Math.max(EDGE, Math.min(at, page.width - width - 8));
  const inHeight = (/** @type {number} */ at) => Math.max(EDGE, Math.min(at, page.height - height - 8));
  /** @type {{at: [number, number], fits: boolean}[]} */
  const places = [
    { at: [inWidth(x + 14), bottom + AWAY], fits: bottom + AWAY + height <= page.height - EDGE },
    { at: [inWidth(x + 14), top - height - AWAY], fits: top - height - AWAY >= EDGE },
    { at: [right + AWAY, inHeight(y)], fits: right + AWAY + width <= page.width - EDGE },
    { at: [left - width - AWAY, inHeight(y)], fits: left - width - AWAY >= EDGE },
  ];
  const found = places.find(({ fits }) => fits);
  if (found) return found.at;
  return [x < page.width / 2 ? page.width - width - 8 : EDGE, y < page.height / 2 ? page.height - height - 8 : EDGE];
}
