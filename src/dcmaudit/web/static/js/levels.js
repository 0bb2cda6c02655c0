/** From the values of a plane to the levels of a view: the tables of the server, turned over or windowed by the page. */

/** @typedef {{center: number, width: number}} Window  in the units of the file where it has such, see `Made.scale` */
/** @typedef {{rendering: string, inverted: boolean, window: Window|null}} View  `window` is one that a person set: it goes before the rendering */
/**
 * One view of a plane: which one it really is and why, where its table lies behind the values, and how long it is; without
 * entries the values are the levels.
 * @typedef {{shown: string, note: string|null, entries: number, channels: number}} ViewHead
 */
/**
 * A plane as it came: its values, and what is needed to paint them. `cells` is null for a small picture.
 * @typedef {object} Made
 * @property {string} plane  "file/key"
 * @property {Record<string, string>} tickets  by view, with `window` for windows of a person's own
 * @property {any} step  what the step to it changes; for planes of a held key alone
 * @property {number} width
 * @property {number} height
 * @property {number} channels
 * @property {number} bits
 * @property {boolean} stored  whether the values are those of the file, and not levels
 * @property {boolean} signed
 * @property {number} first
 * @property {Record<string, ViewHead>} views
 * @property {[number, number]|null} scale  slope and intercept to the units of windows
 * @property {string|null} [unit]  of what comes out of that, where the file names one
 * @property {boolean} falling  whether larger values are darker (MONOCHROME1)
 * @property {ArrayBufferLike} buffer
 * @property {import("./shrink.js").Cells|null} cells
 * @property {Composed|null} composed
 */
/** Pixels that can be put on the stage at once. @typedef {{pixels: ArrayBuffer, area: import("./shrink.js").Area, signature: string}} Composed */

/** @type {WeakMap<Made, {key: string, tables: Uint8Array[]}[]>} */
const made = new WeakMap();
const KEPT = 3;

/** @param {View} view */
const viewKey = ({ rendering, inverted, window }) => `${rendering}|${inverted}|${window ? `${window.center}/${window.width}` : ""}`;

/**
 * What tells one picture of a plane from another.
 * @param {import("./scaling.js").Place} place
 * @param {View} view
 */
export const signatureOf = ({ scale, x, y, stage, orientation }, view) =>
  `${scale}|${x}|${y}|${stage.width}x${stage.height}|${orientation.quarters}${orientation.mirrored}|${viewKey(view)}`;

/** Whether a plane can be shown in a view with what came along. @param {Made} plane @param {View} view */
export function has(plane, view) {
  return plane.cells !== null && ((view.window !== null && plane.stored) || view.rendering in plane.views);
}

/**
 * The name of the ticket that a view of the plane has: a window of one's own is one that can hide text.
 * @param {Made} plane
 * @param {View} view
 */
export const ticketOf = (plane, view) => plane.tickets[isWindowed(plane, view) ? "window" : view.rendering] ?? "";

/** @param {Made} plane @param {View} view */
const isWindowed = (plane, view) => view.window !== null && canWindow(plane);

/** Whether a person can set a window: on the values of a grey plane alone. @param {Made} plane */
export const canWindow = (plane) => plane.stored && plane.channels === 1 && (plane.views["full"]?.channels ?? 3) === 1;

/**
 * A table for grey, three for colour.
 * @param {Made} plane
 * @param {View} view
 * @returns {Uint8Array[]}
 */
export function tablesOf(plane, view) {
  const key = viewKey(view);
  const known = made.get(plane) ?? [];
  const found = known.find((each) => each.key === key);
  if (found) return found.tables;
  const tables = isWindowed(plane, view) && view.window ? [windowed(plane, view.window)] : fromServer(plane, view.rendering);
  if (view.inverted) for (const table of tables) for (let value = 0; value < table.length; value += 1) table[value] = 255 - /** @type {number} */ (table[value]);
  known.unshift({ key, tables });
  made.set(plane, known.slice(0, KEPT));
  return tables;
}

/** @param {Made} plane @param {string} rendering */
function fromServer(plane, rendering) {
  const size = plane.bits === 8 ? 256 : 65536;
  const head = plane.views[rendering];
  if (!head?.entries) return [Uint8Array.from({ length: size }, (_, level) => level)];
  const all = new Uint8Array(plane.buffer, offsetOf(plane, rendering), head.entries * head.channels);
  return Array.from({ length: head.channels }, (_, channel) => {
    const table = new Uint8Array(size);
    for (let entry = 0; entry < head.entries; entry += 1) {
      table[(plane.first + entry) & (size - 1)] = /** @type {number} */ (all[entry * head.channels + channel]);
    }
    return table;
  });
}

/** Where the table of a view begins. @param {Made} plane @param {string} rendering */
function offsetOf({ width, height, channels, bits, views }, rendering) {
  let offset = (width * height * channels * bits) / 8;
  for (const [name, head] of Object.entries(views)) {
    if (name === rendering) return offset;
    offset += head.entries * head.channels;
  }
  return offset;
}

/**
 * A linear window over every value (PS3.3 C.11.2.1.2.1); whole widths below 1 are a threshold.
 * @param {Made} plane
 * @param {Window} window
 */
function windowed(plane, { center, width }) {
  const size = plane.bits === 8 ? 256 : 65536;
  const [slope, intercept] = plane.scale ?? [1, 0];
  const table = new Uint8Array(size);
  const [middle, range] = [center - 0.5, Math.max(0, width - 1)];
  const [low, high] = [middle - range / 2, middle + range / 2];
  for (let pattern = 0; pattern < size; pattern += 1) {
    const value = (plane.signed && pattern >= size / 2 ? pattern - size : pattern) * slope + intercept;
    const level = value <= low ? 0 : value > high ? 255 : ((value - middle) / range + 0.5) * 255;
    table[pattern] = Math.floor((plane.falling ? 255 - level : level) + 0.5);
  }
  return table;
}

/**
 * The value at a place of the plane with its sign, or three of them; null outside.
 * @param {Made} plane
 * @param {number} x
 * @param {number} y
 * @returns {number[]|null}
 */
export function valueAt({ width, height, channels, bits, signed, cells }, x, y) {
  if (!cells || x < 0 || y < 0 || x >= width || y >= height) return null;
  const place = (y * width + x) * channels;
  const half = 2 ** (bits - 1);
  return [...cells.slice(place, place + channels)].map((value) => (signed && value >= half ? value - 2 * half : value));
}

/**
 * The smallest and the largest value within a part of the plane, with their signs; null where nothing of it is inside.
 * @param {Made} plane
 * @param {import("./types.js").Edges} box
 * @returns {[number, number]|null}
 */
export function boundsOf({ width, height, channels, bits, signed, cells }, [left, top, right, bottom]) {
  const [x0, y0, x1, y1] = [Math.max(0, left), Math.max(0, top), Math.min(width, right), Math.min(height, bottom)];
  if (!cells || channels !== 1 || x0 >= x1 || y0 >= y1) return null;
  const half = 2 ** (bits - 1);
  let [low, high] = [Infinity, -Infinity];
  for (let y = y0; y < y1; y += 1) {
    for (let at = y * width + x0; at < y * width + x1; at += 1) {
      const pattern = /** @type {number} */ (cells[at]);
      const value = signed && pattern >= half ? pattern - 2 * half : pattern;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}
