/** What the tile of a file shows: its picture, why it stands apart, and the words for a pointer and a screen reader. */

import { printable } from "./dom.js";
import { labelOf, signOf, tooltipOf } from "./listrows.js";

/** @typedef {import("./types.js").TileRow} TileRow */

/**
 * @param {TileRow} row
 * @param {{edge: number, isOpen: boolean, isOfAll: boolean, api: import("./api.js").Api}} how
 *     edge: of the tile, in pixels of the screen; isOfAll: it stands among all files, not in its class
 * @returns {import("./tiles.js").Tile}
 */
export function fileTile(row, { edge, isOpen, isOfAll, api }) {
  const why = row.concerns[0] ?? "";
  const sure = row.likelihood > 0 && row.likelihood < 1 ? ` (text ${Math.round(100 * row.likelihood)} % likely)` : "";
  const listed = { ...row, index: null, done_by: null };
  const told = [...row.concerns, ...(row.reason ? [printable(row.reason)] : [])].join("; ");
  return {
    // three sizes and no others, so that a new size of tiles finds most pictures made already
    src: api.thumb(row.file_id, row.key, edge <= 160 ? 160 : edge <= 320 ? 320 : 640, true),
    title: printable(row.short.split("/").at(-1) ?? ""),
    tip: `${tooltipOf(listed)}\n${told || "looks like the others"}${sure}`,
    label: `${labelOf(listed).replace("left out by the options ", "")}, ${told || "looks like the others"}`,
    sign: signOf(listed),
    // among all files most were not looked at: saying it on each would hide the words that matter
    why: isOfAll && why === "no detector looked" ? "" : why,
    here: isOpen,
    size: row.key.startsWith("f") ? row.size : null,
    marks: row.marks,
    found: row.found,
    key: row.key,
  };
}
