/**
 * From stored values to pixels of the screen: first the table, then the size. In this order a stroke of one pixel leaves
 * its trace however the values lie, and a value that fills a pixel of the screen is painted as exactly its level.
 *
 * Larger than life a pixel of the screen takes the value it lies on. Smaller, it takes the mean of the levels of all
 * that it covers, each by its part. The quick way takes single values instead: for a picture that moves under the hand,
 * and is painted exactly once it rests.
 */

/** @typedef {import("./scaling.js").Place} Place */
/** @typedef {Uint8Array|Uint16Array} Cells */
/**
 * The values of a plane, row by row; three channels are red, green and blue side by side.
 * @typedef {{width: number, height: number, channels: number, cells: Cells}} Values
 */
/** One table for grey, three for red, green and blue; each from the bit pattern of a value to its level. @typedef {Uint8Array[]} Tables */
/** A part of the stage, in device pixels. @typedef {{left: number, top: number, width: number, height: number}} Area */
/** The pixels that one pixel of the screen covers along one axis, and the parts of the first and last. @typedef {{from: Int32Array, to: Int32Array, first: Float64Array, last: Float64Array, whole: Float64Array}} Spans */

const OPAQUE = 0xff000000;
/** A part of a pixel that is smaller than this comes from rounding. */
const HAIR = 1e-6;

/**
 * The part of the stage that a plane covers.
 * @param {Place} place
 * @param {{width: number, height: number}} plane
 * @returns {Area} without width or height where that is none
 */
export function covered({ scale, x, y, stage }, plane) {
  const left = Math.max(0, x);
  const top = Math.max(0, y);
  const right = Math.min(stage.width, Math.ceil(x + plane.width * scale - HAIR));
  const bottom = Math.min(stage.height, Math.ceil(y + plane.height * scale - HAIR));
  return { left, top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}

/**
 * Paint what lies in `area` into `out`, four bytes a pixel.
 * @param {Values} values
 * @param {Tables} tables
 * @param {Place} place
 * @param {Area} area
 * @param {Uint32Array} out
 * @param {boolean} quick  take single values also where the plane is shown smaller
 */
export function compose(values, tables, place, area, out, quick) {
  if (!area.width || !area.height) return;
  if (quick || place.scale >= 1) single(values, tables, place, area, out);
  else mean(values, tables, place, area, out);
}

/**
 * How many pixels of the plane lie in an area: what an exact picture of it costs.
 * @param {Place} place
 * @param {Area} area
 */
export function cost({ scale }, { width, height }) {
  return scale >= 1 ? width * height : (width / scale) * (height / scale);
}

/**
 * @param {number} size  of the plane, along one axis
 * @param {number} start  of the area
 * @param {number} count
 * @param {number} offset  of the plane
 * @param {number} scale
 * @param {number} step
 */
function places(size, start, count, offset, scale, step) {
  const found = new Int32Array(count);
  for (let i = 0; i < count; i += 1) {
    found[i] = step * Math.min(size - 1, Math.max(0, Math.floor((start + i + 0.5 - offset) / scale)));
  }
  return found;
}

/** @param {Values} values @param {Tables} tables @param {Place} place @param {Area} area @param {Uint32Array} out */
function single({ width, height, channels, cells }, tables, { scale, x, y }, { left, top, width: wide, height: high }, out) {
  const columns = places(width, left, wide, x, scale, channels);
  const rows = places(height, top, high, y, scale, width * channels);
  const colours = colourTable(tables);
  let before = -1;
  for (let j = 0, at = 0; j < high; j += 1, at += wide) {
    const row = rows[j] ?? 0;
    if (row === before) out.copyWithin(at, at - wide, at);
    else if (channels === 1) oneChannel(cells, row, columns, colours, out, at);
    else threeChannels(cells, row, columns, tables[0], out, at);
    before = row;
  }
}

/** @param {any} cells @param {number} row @param {any} columns @param {any} colours @param {Uint32Array} out @param {number} at */
function oneChannel(cells, row, columns, colours, out, at) {
  for (let i = 0; i < columns.length; i += 1) out[at + i] = colours[cells[row + columns[i]]];
}

/** @param {Cells} cells @param {number} row @param {Int32Array} columns @param {any} table @param {Uint32Array} out @param {number} at */
function threeChannels(cells, row, columns, table, out, at) {
  /** @type {any} */
  const from = cells;
  for (let i = 0; i < columns.length; i += 1) {
    const place = row + /** @type {number} */ (columns[i]);
    out[at + i] = OPAQUE | (table[from[place + 2]] << 16) | (table[from[place + 1]] << 8) | table[from[place]];
  }
}

/** @type {{tables: Tables|null, colours: Uint32Array}} */
let kept = { tables: null, colours: new Uint32Array(0) };

/** From a value to the four bytes of its pixel. @param {Tables} tables */
function colourTable(tables) {
  if (kept.tables === tables) return kept.colours;
  const [red, green = red, blue = red] = /** @type {any[]} */ (tables);
  const colours = new Uint32Array(red.length);
  for (let value = 0; value < colours.length; value += 1) colours[value] = OPAQUE | (blue[value] << 16) | (green[value] << 8) | red[value];
  kept = { tables, colours };
  return colours;
}

/** The last spans and sums: plane after plane lies in one place, and what is made anew for each would be garbage. @type {Map<string, Spans>} */
const laid = new Map();
/** @type {Float32Array[]} */
const spareSums = [];

/** @param {number} length @param {number} count */
function sumsOf(length, count) {
  while (spareSums.length < count) spareSums.push(new Float32Array(length));
  return spareSums.slice(0, count).map((sum, place) => (sum.length === length ? sum : (spareSums[place] = new Float32Array(length))));
}

/** @param {number} size @param {number} start @param {number} count @param {number} offset @param {number} scale @returns {Spans} */
function spans(size, start, count, offset, scale) {
  const key = `${size}|${start}|${count}|${offset}|${scale}`;
  const known = laid.get(key) ?? measured(size, start, count, offset, scale);
  if (laid.size > 4) laid.clear();
  laid.set(key, known);
  return known;
}

/**
 * @param {number} size
 * @param {number} start
 * @param {number} count
 * @param {number} offset
 * @param {number} scale
 * @returns {Spans}
 */
function measured(size, start, count, offset, scale) {
  const found = {
    from: new Int32Array(count), to: new Int32Array(count),
    first: new Float64Array(count), last: new Float64Array(count), whole: new Float64Array(count),
  };
  for (let i = 0; i < count; i += 1) {
    const begin = Math.min(size - HAIR, Math.max(0, (start + i - offset) / scale));
    const end = Math.min(size, Math.max(begin, (start + i + 1 - offset) / scale));
    const from = Math.floor(begin + HAIR);
    const to = Math.max(from, Math.ceil(end - HAIR) - 1);
    found.from[i] = from;
    found.to[i] = to;
    found.first[i] = to === from ? 1 : from + 1 - Math.max(begin, from);
    found.last[i] = to === from ? 0 : end - to;
    found.whole[i] = to === from ? 1 : /** @type {number} */ (found.first[i]) + (to - from - 1) + /** @type {number} */ (found.last[i]);
  }
  return found;
}

/** @param {Values} values @param {Tables} tables @param {Place} place @param {Area} area @param {Uint32Array} out */
function mean({ width, height, channels, cells }, tables, { scale, x, y }, { left, top, width: wide, height: high }, out) {
  const across = spans(width, left, wide, x, scale);
  const down = spans(height, top, high, y, scale);
  const start = across.from[0] ?? 0;
  const length = ((across.to[wide - 1] ?? 0) - start + 1) * channels;
  const sums = sumsOf(length, tables.length);
  for (let j = 0, at = 0; j < high; j += 1, at += wide) {
    const [from, to] = [down.from[j] ?? 0, down.to[j] ?? 0];
    for (let layer = 0; layer < sums.length; layer += 1) {
      for (let row = from; row <= to; row += 1) {
        const weight = row === from ? down.first[j] : row === to ? down.last[j] : 1;
        const begin = (row * width + start) * channels;
        if (row === from) put(sums[layer], cells, begin, length, tables[layer], weight);
        else add(sums[layer], cells, begin, length, tables[layer], weight);
      }
    }
    const rows = /** @type {number} */ (down.whole[j]);
    if (channels === 1 && sums.length === 1) gather(sums[0], across, start, rows, out, at);
    else gatherColours(channels === 3 ? [sums[0], sums[0], sums[0]] : sums, channels, across, start, rows, out, at);
  }
}

/** @param {any} sum @param {any} cells @param {number} begin @param {number} length @param {any} table @param {any} weight */
function put(sum, cells, begin, length, table, weight) {
  for (let i = 0; i < length; i += 1) sum[i] = table[cells[begin + i]] * weight;
}

/** @param {any} sum @param {any} cells @param {number} begin @param {number} length @param {any} table @param {any} weight */
function add(sum, cells, begin, length, table, weight) {
  for (let i = 0; i < length; i += 1) sum[i] += table[cells[begin + i]] * weight;
}

/**
 * Means of the columns that each pixel covers.
 * @param {any} sum
 * @param {any} across
 * @param {number} start
 * @param {number} rows  how many rows are in the sums
 * @param {Uint32Array} out
 * @param {number} at
 */
function gather(sum, { from, to, first, last, whole }, start, rows, out, at) {
  for (let i = 0; i < from.length; i += 1) {
    const begin = from[i] - start;
    const end = to[i] - start;
    let total = sum[begin] * first[i];
    for (let column = begin + 1; column < end; column += 1) total += sum[column];
    if (end > begin) total += sum[end] * last[i];
    const level = (total / (whole[i] * rows) + 0.5) | 0;
    out[at + i] = OPAQUE | (level << 16) | (level << 8) | level;
  }
}

/** @param {any} sums @param {number} channels @param {any} across @param {number} start @param {number} rows @param {Uint32Array} out @param {number} at */
function gatherColours(sums, channels, { from, to, first, last, whole }, start, rows, out, at) {
  for (let i = 0; i < from.length; i += 1) {
    const begin = (from[i] - start) * channels;
    const end = (to[i] - start) * channels;
    let pixel = OPAQUE;
    for (let layer = 0; layer < 3; layer += 1) {
      const sum = sums[layer];
      const shift = channels === 3 ? layer : 0;
      let total = sum[begin + shift] * first[i];
      for (let column = begin + channels; column < end; column += channels) total += sum[column + shift];
      if (end > begin) total += sum[end + shift] * last[i];
      pixel |= ((total / (whole[i] * rows) + 0.5) | 0) << (8 * layer);
    }
    out[at + i] = pixel;
  }
}
