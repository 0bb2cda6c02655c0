/** Marks as lines around them, over a picture of many planes: what lies below a mark is of all of these, and stays to be seen. */

import { outlines } from "./areas.js";

const SPACE = "http://www.w3.org/2000/svg";

/**
 * A drawing as large as what it lies in: a light line on a dark one around the mark, and nothing inside.
 * @param {Pick<import("./types.js").RectState, "box"|"shape">} mark
 * @param {(x: number, y: number) => [number, number]} toPage  from pixels of the plane to those of the drawing
 */
export function outlined({ box, shape }, toPage) {
  const [left, top, right, bottom] = box ?? [0, 0, 0, 0];
  /** @type {[number, number][][]} */
  const parts = shape ? outlines(shape.text) : [[[left, top], [right, top], [right, bottom], [left, bottom]]];
  const drawing = document.createElementNS(SPACE, "svg");
  drawing.setAttribute("class", "outlined");
  drawing.setAttribute("aria-hidden", "true");
  drawing.dataset.kind = "mark";
  for (const name of ["shadow", "line"]) {
    for (const points of parts) {
      const line = document.createElementNS(SPACE, "polygon");
      line.setAttribute("class", name);
      line.setAttribute("points", points.map(([x, y]) => toPage(x, y).join()).join(" "));
      drawing.append(line);
    }
  }
  return drawing;
}
