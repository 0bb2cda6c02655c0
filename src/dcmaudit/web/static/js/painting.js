/** A plane where it lies on the screen, turned as somebody wants it: composed upright, then put pixel by pixel. */

import { areaOf, isUpright, turnPixels } from "./orientation.js";
import { compose, covered } from "./shrink.js";

/** @typedef {import("./scaling.js").Place} Place */
/** @typedef {import("./shrink.js").Area} Area */

/** Pixels before they are turned, used again and again. */
let spare = new Uint32Array(0);

/** @param {number} count */
function room(count) {
  if (spare.length < count) spare = new Uint32Array(count);
  return spare.subarray(0, count);
}

/** The part of the screen's stage that a plane covers. @param {Place} place @param {import("./scaling.js").Size} plane @returns {Area} */
export function areaOnStage(place, plane) {
  const area = covered(place, plane);
  return isUpright(place.orientation) ? area : areaOf(place.orientation, area, place.stage);
}

/**
 * Paint a plane into `out`, the pixels of its `areaOnStage`.
 * @param {import("./shrink.js").Values} values
 * @param {import("./shrink.js").Tables} tables
 * @param {Place} place
 * @param {Uint32Array} out
 * @param {boolean} quick  take single values also where the plane is shown smaller
 */
export function paintPlane(values, tables, place, out, quick) {
  const area = covered(place, values);
  if (isUpright(place.orientation)) {
    compose(values, tables, place, area, out, quick);
    return;
  }
  const upright = room(area.width * area.height);
  compose(values, tables, place, area, upright, quick);
  turnPixels(place.orientation, upright, area, out);
}
