/**
 * What was painted, and is not yet reported to the server: a plane that is on the screen, the parts of it that were in
 * sight, how large. Nothing is noted before the frame has gone to the compositor.
 */

import { NOBODY, planeOf } from "./foresight.js";
import { frame, nextTask } from "./moments.js";
import { COVERED } from "./sight.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").Painted} Painted */

/** Without another command for this long, what was painted is reported by itself. */
export const QUIET = 250;
/** The same where something new of a plane is in sight that was painted before. */
const SOON = 25;

/**
 * @typedef {object} Surroundings
 * @property {() => import("./sight.js").Sight|null} sight  what of the plane on the stage is in sight now
 * @property {(file: number, key: string) => void} painted  tells that a plane is on the screen
 * @property {() => ViewState|null} state  what the page shows
 * @property {() => boolean} isFree  whether nothing is under way, and the server is there
 * @property {(file: number) => void} report  has what is unreported sent
 */

export class Witness {
  /** @param {Surroundings} around */
  constructor(around) {
    this.around = around;
    /** @type {Painted[]} painted and not yet reported */
    this.unreported = [];
    /** @type {ViewState|null} the state whose plane is on the screen, once it was painted */
    this.onScreen = null;
    /** The last sight that was noted. */
    this.lastSight = "";
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.uncovering = undefined;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.reporting = undefined;
  }

  /** What is reported from here on: whoever takes it sends it, or gives it back. @returns {Painted[]} */
  take() {
    clearTimeout(this.reporting);
    return this.unreported.splice(0);
  }

  /** @param {Painted[]} painted  what could not be sent */
  giveBack(painted) {
    this.unreported.unshift(...painted);
  }

  /** Another database knows nothing of what was painted: the plane on the screen is reported to it, too. */
  forget() {
    this.lastSight = "";
  }

  /**
   * Note what is on the screen, once it is. To be called in the frame that shows it.
   * @param {ViewState} state
   * @param {boolean} hasPlane
   */
  async painted(state, hasPlane) {
    await nextTask();
    this.onScreen = hasPlane && state.file && state.plane ? state : null;
    if (!this.onScreen || !state.file || !state.plane || document.visibilityState !== "visible") return;
    this.around.painted(state.file.file_id, state.plane.key);
    this.#note();
  }

  /** Note what is in sight of the plane on the screen, where that is something new. */
  #note() {
    clearTimeout(this.uncovering);
    const { onScreen } = this;
    if (!onScreen?.file || !onScreen.plane) return;
    const found = this.around.sight();
    const seen = found?.plane === planeOf(onScreen) ? found : null;
    // what lies over the stage for a while is waited for: what is below it was not seen
    if (!seen || seen.covered) this.uncovering = setTimeout(() => void this.looked(), COVERED);
    if (!seen) return;
    const { ticket, scale, stage, boxes, black } = seen;
    const sight = { file_id: onScreen.file.file_id, key: onScreen.plane.key, ticket, scale, stage, boxes };
    // Where something black has gone the same part of the plane is another sight.
    const signature = JSON.stringify([sight, black]);
    if (signature === this.lastSight) return;
    this.lastSight = signature;
    this.unreported.push(sight);
  }

  /** Another part of the plane, or more of it, may be in sight since it was painted: note it after the next frame. */
  async looked() {
    const { onScreen, around } = this;
    if (!around.isFree()) return;
    await frame();
    await nextTask();
    if (!around.isFree() || onScreen !== this.onScreen || planeOf(around.state() ?? NOBODY) !== planeOf(onScreen ?? NOBODY)) return;
    this.#note();
    if (this.unreported.length) this.#reportIn(SOON);
  }

  /** Nothing is under way: look whether something came free, and report what was painted if it stays so. */
  rest() {
    // What was moved, or came free, meanwhile.
    clearTimeout(this.uncovering);
    this.uncovering = setTimeout(() => void this.looked(), QUIET);
    if (this.unreported.length) this.#reportIn(QUIET);
  }

  /** @param {number} milliseconds */
  #reportIn(milliseconds) {
    clearTimeout(this.reporting);
    this.reporting = setTimeout(() => {
      const file = this.unreported.at(-1)?.file_id;
      if (file !== undefined && this.around.isFree()) this.around.report(file);
    }, milliseconds);
  }

  /** No report by itself: a command that begins now takes it along. */
  hush() {
    clearTimeout(this.reporting);
  }
}
