/** How a plane lies on the stage. Shared by the page and its worker, so that both give the same pixels. */

import { UPRIGHT } from "./orientation.js";

/** @typedef {{width: number, height: number}} Size */
/**
 * Where a plane lies on a stage: `x` and `y` are its upper left corner in device pixels, whole numbers; `scale` is device
 * pixels a pixel of the plane. All of it is upright: `orientation` says how the stage is turned on the screen then.
 * @typedef {{scale: number, x: number, y: number, stage: Size, orientation: import("./orientation.js").Orientation}} Place
 */

/** The dark around a plane. */
export const GROUND = "#08090a";
/** Room kept around a fitted plane, so that the handles at its edge can be taken. */
export const MARGIN = 10;
export const LARGEST = 64;

/**
 * The scale at which all of a plane is seen.
 * @param {Size} stage  device pixels
 * @param {Size} plane
 */
export function fitScale(stage, plane) {
  const room = 2 * MARGIN;
  return Math.min(Math.max(1, stage.width - room) / plane.width, Math.max(1, stage.height - room) / plane.height, LARGEST);
}

/**
 * A plane that is fitted to a stage, in its middle.
 * @param {Size} stage
 * @param {Size} plane
 * @param {import("./orientation.js").Orientation} [orientation]
 * @returns {Place}
 */
export function fitted(stage, plane, orientation = UPRIGHT) {
  const scale = fitScale(stage, plane);
  const x = Math.round(stage.width / 2 - (plane.width / 2) * scale);
  const y = Math.round(stage.height / 2 - (plane.height / 2) * scale);
  return { scale, x, y, stage, orientation };
}
