/** Where a tab is, for a reload and for the program's next start: no name of a file, for whoever reads what browsers keep. */

import { UPRIGHT } from "./orientation.js";
import { keep, recall } from "./tab.js";

/** @typedef {import("./page.js").Page} Page */

/** @param {Page} page */
export function keepPlace({ state, stage }) {
  const where = { plane: stage.root.dataset.plane, mark: state?.file?.mark, opened: state?.worklist.opened };
  keep("place", { ...where, ...stage.camera.place });
}

/** What was kept. @returns {any} */
export function keptPlace() {
  return recall("place");
}

/**
 * After a reload the plane lies as it lay before.
 * @param {Page} page
 * @param {any} place  as it was kept before the first plane was shown: that one is kept meanwhile
 */
export function lieAsBefore({ stage }, place) {
  const { camera, root } = stage;
  const isPlace = place && [place.scale, place.x, place.y].every(Number.isFinite) && place.scale > 0;
  if (!isPlace || !stage.plane || place.plane !== root.dataset.plane) return;
  const { quarters, mirrored } = place.orientation ?? {};
  const orientation = [0, 1, 2, 3].includes(quarters) ? { quarters, mirrored: mirrored === true } : UPRIGHT;
  camera.comeBack({ mode: place.mode, scale: place.scale, x: place.x, y: place.y, kept: place.kept === true, orientation });
  stage.moved();
}

/**
 * The program was started again and knows nothing of this tab: back to its list, and to its file and plane there.
 * @param {Page} page
 * @param {any} place  as it was kept
 */
export async function resume(page, place) {
  const key = String(place?.plane ?? "").split("/")[1];
  const { found, growing } = page.state?.worklist ?? { found: 0, growing: false };
  if (typeof place?.mark !== "string" || !key || !(found || growing || place.opened)) return;
  await page.act("come-back", { mark: place.mark, key, opened: place.opened === true });
}
