/** How pictures of one size share a stage: nothing here touches the page. */

/** Pixels of the page between pictures, and the height of the line below each. */
export const GAP = 8;
export const CAPTION = 18;

/** Pixels of the screen for a pixel of the plane: with fewer, fine text is lost, and nothing that is shown counts. */
export const HALF = 0.5;

/**
 * @typedef {object} Room
 * @property {[number, number]} stage  width and height, in pixels of the page
 * @property {[number, number]} plane  columns and rows of each picture
 * @property {number} ratio  pixels of the screen for one of the page
 */

/**
 * In how many columns `count` pictures are largest, and how large a pixel of the plane is then, in pixels of the page.
 * @param {number} count
 * @param {Room} room
 */
export function columnsFor(count, { stage: [width, height], plane: [columns, rows] }) {
  let best = { columns: 1, scale: 0 };
  for (let across = 1; across <= count; across += 1) {
    const down = Math.ceil(count / across);
    const wide = (width - GAP * (across - 1)) / across;
    const high = (height - GAP * (down - 1)) / down - CAPTION;
    const scale = Math.min(wide / columns, high / rows);
    if (scale > best.scale) best = { columns: across, scale };
  }
  return best;
}

/**
 * How many of `count` pictures one stage has room for at half size or more; at least one, however small it is.
 * @param {number} count
 * @param {Room} room
 */
export function together(count, room) {
  // In whole pixels of the screen, as it is reported: a half that is rounded down is none.
  const isHalf = (/** @type {number} */ scale) => room.plane.every((edge) => Math.floor(edge * scale * room.ratio) >= edge * HALF);
  for (let few = count; few > 1; few -= 1) if (isHalf(columnsFor(few, room).scale)) return few;
  return 1;
}
