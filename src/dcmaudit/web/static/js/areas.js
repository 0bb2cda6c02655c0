/** Shapes on the stage: which pixels of the plane they black, as the server says, and what is drawn around them. */

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {import("./types.js").RectState} RectState */
/** @typedef {[number, number]} Spot */

/** Straight pieces of which an arc is drawn. It is drawn for people: what is black comes from the server. */
const PIECES = 48;

/**
 * The boxes of black pixels of a mark: its own, or those that its shape is made of.
 * @param {Pick<RectState, "box"|"shape">} rect
 * @returns {Edges[]}
 */
export function blackOf({ box, shape }) {
  if (!shape) return box ? [box] : [];
  /** @type {Edges[]} */
  const found = [];
  const { black } = shape;
  for (let at = 0; at + 3 < black.length; at += 4) found.push([black[at] ?? 0, black[at + 1] ?? 0, black[at + 2] ?? 0, black[at + 3] ?? 0]);
  return found;
}

/**
 * Whether a mark has the pixel at a point of the plane.
 * @param {Pick<RectState, "box"|"shape">} rect
 * @param {number} x
 * @param {number} y
 */
export function holds({ box, shape }, x, y) {
  if (!shape) return box !== null && x >= box[0] && x < box[2] && y >= box[1] && y < box[3];
  const { black } = shape;
  for (let at = 0; at < black.length; at += 4) {
    if (x >= (black[at] ?? 0) && x < (black[at + 2] ?? 0) && y >= (black[at + 1] ?? 0) && y < (black[at + 3] ?? 0)) return true;
  }
  return false;
}

/**
 * The outlines of the parts of a shape, by its text, in corners of pixels.
 * @param {string} text
 * @returns {Spot[][]}
 */
export function outlines(text) {
  return text.replace(/^keep /, "").split(" + ").map((part) => {
    const [kind, ...pairs] = part.split(" ");
    const points = pairs.map((pair) => /** @type {Spot} */ (pair.split(",").map(Number)));
    if (kind === "rectangle") return around(points);
    return kind === "fan" ? fan(points) : points;
  });
}

/** @param {Spot[]} corners @returns {Spot[]} */
function around([one, other]) {
  return one && other ? [one, [other[0], one[1]], other, [one[0], other[1]]] : [];
}

/** @param {Spot[]} points @returns {Spot[]} */
function fan([apex, first, second, near]) {
  if (!apex || !first || !second) return [];
  const far = Math.max(length(apex, first), length(apex, second));
  const from = Math.atan2(first[1] - apex[1], first[0] - apex[0]);
  let turn = Math.atan2(second[1] - apex[1], second[0] - apex[0]) - from;
  if (turn > Math.PI) turn -= 2 * Math.PI;
  if (turn < -Math.PI) turn += 2 * Math.PI;
  /** @param {number} radius @returns {Spot[]} */
  const arc = (radius) => Array.from({ length: PIECES + 1 }, (_, piece) => {
    const angle = from + (turn * piece) / PIECES;
    return [apex[0] + radius * Math.cos(angle), apex[1] + radius * Math.sin(angle)];
  });
  return [...(near ? arc(length(apex, near)).reverse() : [apex]), ...arc(far)];
}

/** @param {Spot} one @param {Spot} other */
function length(one, other) {
  return Math.hypot(other[0] - one[0], other[1] - one[1]);
}

/**
 * A path around the parts of a shape, on the stage.
 * @param {string} text
 * @param {(x: number, y: number) => [number, number]} toStage
 */
export function pathOf(text, toStage) {
  const path = new Path2D();
  for (const points of outlines(text)) {
    points.forEach(([x, y], number) => path[number ? "lineTo" : "moveTo"](...toStage(x, y)));
    path.closePath();
  }
  return path;
}
