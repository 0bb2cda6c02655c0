/** What the pointer does on the page's stage: marks, window and level, steps, and the words under it. */

import { canWindow } from "./levels.js";
import { Pointer } from "./pointer.js";
import { explain } from "./sources.js";

/** @typedef {import("./page.js").Page} Page */

/** @param {Page} page @returns {Pointer} */
export function pointerOf(page) {
  return new Pointer(page.stage, {
    handled: () => page.handled.box,
    mayMark: () => page.mayWrite,
    dragTo: (box, done) => page.handled.drag(box, done),
    apply: (id) => page.act("apply-one", { id }),
    hover: (id, x, y) => hover(page, id, x, y),
    mayWindow: () => page.stage.plane !== null && canWindow(page.stage.plane),
    window: (dx, dy, done) => page.hands.drag(dx, dy, done),
    windowOf: (box, done) => windowOf(page, box, done),
    resetWindow: () => page.hands.reset(),
    step: (way) => page.act(way === 1 ? "next-frame" : "previous-frame"),
    wheelZooms: () => page.state?.choices.wheel === "zoom",
    value: (at) => {
      page.hands.tell(at);
      page.lens.draw();
    },
  });
}

/** A window for what is in a part of the plane. @param {Page} page @param {import("./types.js").Edges} box @param {boolean} done */
function windowOf(page, box, done) {
  page.stage.update({ band: done ? null : box });
  if (!done || page.hands.setTo(box)) return;
  page.messages.refused({ message: "A window can be set on grey planes of up to 16 bits." });
}

/** @param {Page} page @param {string|number|null} id @param {number} x @param {number} y */
function hover(page, id, x, y) {
  const rect = id === null ? undefined : page.state?.rects.find((each) => each.id === id);
  if (page.stage.shown.lit !== (rect?.id ?? null)) page.stage.update({ lit: rect?.id ?? null });
  page.cards.explain(rect ? explain(rect) : null, x, y, rect?.box ? page.stage.onPage(rect.box) : undefined);
}
