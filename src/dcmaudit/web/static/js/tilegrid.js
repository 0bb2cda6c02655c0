/** The arithmetic of a grid of tiles, and which of them are chosen: nothing here touches the page. */

/** Browsers cannot lay out boxes much higher than this; longer grids scroll in larger steps. */
const HIGHEST = 12_000_000;

/** Sizes of tiles in pixels of the page, from small to large. */
export const SIZES = [72, 96, 128, 160, 224, 320, 480];

/** A page so wide (in CSS pixels) begins with larger tiles: the image grows, the text does not. */
const WIDE = 2560;

/** The size of tiles to begin with, on a page of that width. @param {number} usual @param {number} width */
export function firstSize(usual, width) {
  const place = SIZES.indexOf(usual) + (width >= WIDE ? 2 : 0);
  return SIZES[Math.min(place, SIZES.length - 1)] ?? usual;
}

/** Pixels between tiles, and the height of the words below a picture. */
export const GAP = 8;
export const WORDS = 40;

/** Which tiles of a grid are in sight, in a box of `width` x `height` that is scrolled to `scrolled`. */
export class TileWindow {
  /** @param {{total: number, width: number, height: number, scrolled: number, size: number}} box */
  constructor({ total, width, height, scrolled, size }) {
    this.total = total;
    this.height = height;
    this.scrolled = scrolled;
    this.columns = Math.max(1, Math.floor((width - GAP) / (size + GAP)));
    this.rows = Math.ceil(total / this.columns);
    this.rowHeight = size + WORDS + GAP;
    /** What is left of the width goes between the tiles. */
    this.columnWidth = (width - GAP) / this.columns;
  }

  /** How high the scrolled box must be. */
  get full() {
    return Math.min(this.rows * this.rowHeight + GAP, HIGHEST);
  }

  /** How many pixels of the grid one scrolled pixel stands for. */
  get stretch() {
    const full = this.rows * this.rowHeight + GAP;
    return full <= HIGHEST ? 1 : (full - this.height) / (HIGHEST - this.height);
  }

  /** Where the grid is, in pixels of its own. */
  get top() {
    return this.scrolled * this.stretch;
  }

  /** The first tile to draw, with `more` rows before those in sight. @param {number} [more] */
  first(more = 0) {
    return Math.max(0, Math.floor(this.top / this.rowHeight) - more) * this.columns;
  }

  /** The tile after the last one to draw. @param {number} [more] */
  end(more = 0) {
    const row = Math.ceil((this.top + this.height) / this.rowHeight) + more;
    return Math.min(this.total, row * this.columns);
  }

  /** Where a tile lies within the scrolled box. @param {number} index @returns {[number, number]} */
  at(index) {
    const row = Math.floor(index / this.columns);
    const y = GAP + row * this.rowHeight - this.top + this.scrolled;
    return [Math.round(GAP + (index % this.columns) * this.columnWidth), Math.round(y)];
  }

  /** How much of a tile is in sight, 0 to 1. @param {number} index */
  share(index) {
    const top = Math.floor(index / this.columns) * this.rowHeight + GAP - this.top;
    const seen = Math.min(this.height, top + this.rowHeight - GAP) - Math.max(0, top);
    return Math.max(0, seen) / (this.rowHeight - GAP);
  }

  /** To where the box must be scrolled for a tile to be in sight; where it is, if it is already. @param {number} index */
  revealing(index) {
    const top = Math.floor(index / this.columns) * this.rowHeight;
    const bottom = top + this.rowHeight + GAP;
    if (top < this.top) return top / this.stretch;
    return bottom > this.top + this.height ? (bottom - this.height) / this.stretch : this.scrolled;
  }
}

/** Where a key leads from a tile; null for a key that moves nothing. @param {string} key @param {number} here @param {TileWindow} view @returns {number|null} */
export function moved(key, here, view) {
  const page = Math.max(1, Math.floor(view.height / view.rowHeight)) * view.columns;
  const steps = /** @type {Record<string, number>} */ ({
    ArrowRight: 1, ArrowLeft: -1, ArrowDown: view.columns, ArrowUp: -view.columns,
    PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity,
  });
  const step = steps[key];
  if (step === undefined) return null;
  const to = here + step;
  // up and down stay in their column: at the edge nothing happens, but the last row may be short
  if (key === "ArrowUp" && to < 0) return here;
  if (key === "ArrowDown" && to >= view.total) {
    return Math.floor(here / view.columns) === view.rows - 1 ? here : view.total - 1;
  }
  return Math.max(0, Math.min(view.total - 1, to));
}

/** Which tiles are chosen, by what they stand for, so that a choice stays where tiles are shown in another order. */
export class Choice {
  constructor() {
    /** @type {Set<number>} */
    this.chosen = new Set();
    this.focus = 0;
    /** From where Shift chooses. */
    this.anchor = 0;
    /** @type {Set<number>} what was chosen before Shift was held */
    this.before = new Set();
  }

  get size() {
    return this.chosen.size;
  }

  /** @param {number} id */
  has(id) {
    return this.chosen.has(id);
  }

  /** Go to a tile; with `extend` choose all from the anchor to it. @param {number} to @param {number[]} ids @param {boolean} extend */
  go(to, ids, extend) {
    this.focus = to;
    if (!extend) {
      this.anchor = to;
      this.before = new Set(this.chosen);
      return;
    }
    const [from, until] = [Math.min(this.anchor, to), Math.max(this.anchor, to)];
    this.chosen = new Set(this.before);
    for (let index = from; index <= until; index += 1) this.#add(ids[index]);
  }

  /** Choose a tile, or no longer. @param {number} index @param {number[]} ids */
  toggle(index, ids) {
    const id = ids[index];
    if (id === undefined) return;
    if (!this.chosen.delete(id)) this.chosen.add(id);
    this.focus = this.anchor = index;
    this.before = new Set(this.chosen);
  }

  /** Choose all of these; none of them where all are. @param {number[]} ids */
  all(ids) {
    const lacking = ids.filter((id) => !this.chosen.has(id));
    if (lacking.length) for (const id of lacking) this.chosen.add(id);
    else for (const id of ids) this.chosen.delete(id);
    this.before = new Set(this.chosen);
  }

  clear() {
    this.chosen.clear();
    this.before.clear();
  }

  /** @param {number|undefined} id */
  #add(id) {
    if (id !== undefined) this.chosen.add(id);
  }
}
