/**
 * What a command will lead to, as far as it is known before the server answers: the planes beside the one on the screen,
 * which it has described, and the same plane through another table. Nothing here touches the page.
 */

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").NearState} NearState */

/** What changes the levels alone, and what comes of it. @type {Record<string, (view: ViewState["view"]) => ViewState["view"]>} */
const LEVELS = {
  invert: (view) => ({ ...view, inverted: !view.inverted }),
  voi: (view) => ({ ...view, rendering: view.rendering === "voi" ? "full" : "voi" }),
};

/** No state: no plane is on the screen. @type {Pick<ViewState, "file"|"plane">} */
export const NOBODY = { file: null, plane: null };

/** "file/key" of the plane that a state shows. @param {Pick<ViewState, "file"|"plane">} state */
export const planeOf = (state) => (state.file && state.plane ? `${state.file.file_id}/${state.plane.key}` : null);

/** Whether two states show the same on the stage. @param {ViewState} one @param {ViewState} other */
export function agree(one, other) {
  /** @param {ViewState} state */
  const shown = ({ file, plane, rects, view, handled, chosen }) => JSON.stringify([file?.file_id, plane, rects, view, handled, chosen]);
  return shown(one) === shown(other);
}

/** Whether nothing on the stage differs: what is new lies beside it. @param {ViewState} before @param {ViewState} state */
export const isBeside = (before, state) =>
  before.database?.location === state.database?.location && !state.file?.error && agree(before, state);

/** What a step to the plane beside changes, where it has a picture. @param {ViewState|null} state @param {string} command @returns {NearState|null} */
export function nearOf(state, command) {
  const near = command === "next-frame" ? state?.near.next : command === "previous-frame" ? state?.near.previous : null;
  return near?.plane.image && !near.plane.error && !state?.question ? near : null;
}

/**
 * The state that a command will lead to; null where only the server knows.
 * @param {ViewState|null} state
 * @param {string} command
 * @returns {ViewState|null}
 */
export function foreseen(state, command) {
  if (state && command in LEVELS) return otherLevels(state, command);
  const near = state?.file ? nearOf(state, command) : null;
  return state && near && { ...state, ...near, chosen: null, near: { next: null, previous: null }, message: null };
}

/** The same plane through another table; local contrast has values of its own. @param {ViewState} before @param {string} command */
function otherLevels(before, command) {
  const { plane, view } = before;
  const other = LEVELS[command]?.(view);
  if (!other || !plane?.image || before.question || (view.rendering === "local") !== (other.rendering === "local")) return null;
  return { ...before, view: other, message: null };
}
