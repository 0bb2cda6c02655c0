/**
 * What of a plane is really in sight: the part of it that lies on the stage with nothing over it, and how large. The page
 * reports that, and the server decides what it is worth.
 */

import { anyOpen } from "./dom.js";
import { ticketOf } from "./levels.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {{plane: string, ticket: string, scale: number, stage: [number, number], boxes: Edges[], black: Edges[], covered: boolean}} Sight  `black`: what is black on it; it counts as seen as long as it is */

/** What may lie over the stage for a while, or as long as somebody is zoomed in. */
const COVERS = "#message, #explain, #peek, #map, #lens, .menu";
/** The server takes no more pieces than this; the largest ones say most. */
const MOST = 16;
/** Sums of binary fractions: a plane that ends at the edge of the stage must not lose its last column. */
const HAIR = 1e-6;
/** Milliseconds after which to see whether what lies over a picture has gone. */
export const COVERED = 400;

/**
 * What of the plane on the stage is in sight; null where there is none, where it was painted quickly, or where something is
 * in front of all of it.
 * @param {import("./stage.js").Stage} stage
 * @returns {Sight|null}
 */
export function sightOf(stage) {
  const { plane } = stage;
  if (!plane || !stage.isExact || document.visibilityState !== "visible" || isBehind()) return null;
  const { camera } = stage;
  const { width, height } = camera.screen;
  /** @type {Edges[]} */
  let free = [[0, 0, width, height]];
  let covered = false;
  for (const cover of coversOf(stage)) {
    free = free.flatMap((part) => without(part, cover.edges));
    covered ||= cover.isPassing;
  }
  const boxes = free.map((part) => onPlane(part, camera)).filter(([left, top, right, bottom]) => right > left && bottom > top);
  boxes.sort((one, other) => area(other) - area(one));
  const ticket = ticketOf(plane, stage.view);
  // as the plane lies upright: its boxes are measured against that
  return { plane: plane.plane, ticket, scale: camera.scale, stage: [camera.stage.width, camera.stage.height], boxes: boxes.slice(0, MOST), black: stage.picture.black, covered };
}

/** Whether something takes the place of the whole stage, or darkens it. */
function isBehind() {
  const card = document.getElementById("card");
  const overview = document.getElementById("overview");
  return anyOpen() || overview?.hidden === false || card?.hidden === false;
}

/**
 * What lies over the stage, in its device pixels; passing where it goes away by itself or with a key.
 * @param {import("./stage.js").Stage} stage
 * @returns {{edges: Edges, isPassing: boolean}[]}
 */
function coversOf(stage) {
  const area = stage.marks.getBoundingClientRect();
  const ratio = stage.camera.screen.width / Math.max(1, area.width);
  /** @type {{edges: Edges, isPassing: boolean}[]} */
  const found = [];
  for (const element of document.querySelectorAll(COVERS)) {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    if (!liesOver(element, area)) continue;
    /** @type {Edges} */
    const edges = [(left - area.left) * ratio, (top - area.top) * ratio, (right - area.left) * ratio, (bottom - area.top) * ratio];
    found.push({ edges, isPassing: element.id !== "map" });
  }
  return found;
}

/** @param {Element} element @param {{left: number, top: number, right: number, bottom: number}} area  in CSS pixels of the page */
function liesOver(element, area) {
  const { left, top, right, bottom, width } = element.getBoundingClientRect();
  return width > 0 && right > area.left && left < area.right && bottom > area.top && top < area.bottom;
}

/**
 * Whether nothing lies over a part of a view in place of the stage (what is on the stage lies behind it), no dialog
 * darkens it, and the tab is in front.
 * @param {{left: number, top: number, right: number, bottom: number}} area  in CSS pixels of the page
 */
export function isInFront(area) {
  if (document.visibilityState !== "visible" || anyOpen()) return false;
  return [...document.querySelectorAll(COVERS)].every((element) => element.closest("#stage") !== null || !liesOver(element, area));
}

/**
 * The pieces of a rectangle that are left beside another one: above and below it in full width, then left and right.
 * @param {Edges} part
 * @param {Edges} cover
 * @returns {Edges[]}
 */
export function without(part, cover) {
  const [left, top, right, bottom] = part;
  const [x0, y0, x1, y1] = [Math.max(left, cover[0]), Math.max(top, cover[1]), Math.min(right, cover[2]), Math.min(bottom, cover[3])];
  if (x0 >= x1 || y0 >= y1) return [part];
  /** @type {Edges[]} */
  const pieces = [[left, top, right, y0], [left, y1, right, bottom], [left, y0, x0, y1], [x1, y0, right, y1]];
  return pieces.filter(([a, b, c, d]) => c > a && d > b);
}

/**
 * The pixels of the plane that lie wholly within a part of the stage.
 * @param {Edges} part
 * @param {import("./camera.js").Camera} camera
 * @returns {Edges}
 */
function onPlane(part, camera) {
  const { width, height } = camera.plane;
  const [x0, y0, x1, y1] = camera.onPlane(part);
  return [
    Math.max(0, Math.ceil(x0 - HAIR)), Math.max(0, Math.ceil(y0 - HAIR)),
    Math.min(width, Math.floor(x1 + HAIR)), Math.min(height, Math.floor(y1 + HAIR)),
  ];
}

/** @param {Edges} box */
const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);
