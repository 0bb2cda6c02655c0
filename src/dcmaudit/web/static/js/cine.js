/** A cine: planes one after the other, each as long as the file or a person wants; it never leaves one out. */

import { frame, pause } from "./moments.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").RectState} RectState */

/** Where neither the file nor a person says how fast. */
const USUAL = 15;

/**
 * Milliseconds for which a plane is to be shown.
 * @param {number|null} time  as the file says it
 * @param {string} chosen  "file", or planes a second
 */
export function timeOf(time, chosen) {
  const rate = Number(chosen);
  return rate > 0 ? 1000 / rate : (time ?? 1000 / USUAL);
}

/** Suggestions that are not on the plane before: one that is on every plane stops no cine at each. @param {RectState[]} before @param {RectState[]} rects */
export function newSuggestions(before, rects) {
  const known = new Set(before.map(({ id }) => id));
  return rects.filter(({ id, stored, applied, rejected }) => !stored && !applied && !rejected && !known.has(id));
}

/** How a cine goes on: after which time the next plane comes, and where it stops by itself. */
export class Score {
  /**
   * @param {(state: ViewState) => number} time  milliseconds for which a plane is to be shown
   * @param {() => void} onsuggestion  it has stopped at one
   */
  constructor(time, onsuggestion) {
    this.time = time;
    this.onsuggestion = onsuggestion;
    /** When the plane on the screen has been there long enough; a plane that came late moves all that follow. */
    this.due = 0;
  }

  /** The first plane is there already. @param {ViewState} state */
  begin(state) {
    this.due = performance.now() + this.time(state);
  }

  /** Wait until the next plane may be painted: in the frame that is nearest. @param {Promise<void>} stopped */
  async rest(stopped) {
    const left = this.due - performance.now() - FRAME / 2;
    if (left > FRAME) await Promise.race([pause(left - FRAME / 2), stopped]);
    while (this.due - performance.now() > FRAME / 2 && document.visibilityState === "visible") {
      if (await Promise.race([frame().then(() => false), stopped.then(() => true)])) return;
    }
  }

  /**
   * A plane was painted.
   * @param {ViewState} before
   * @param {ViewState} state
   * @returns {boolean} whether the cine goes on
   */
  painted(before, state) {
    const now = performance.now();
    this.due = Math.max(this.due, now - FRAME) + this.time(state);
    if (document.visibilityState !== "visible") return false;
    if (!newSuggestions(before.rects, state.rects).length) return true;
    this.onsuggestion();
    return false;
  }
}

/** Milliseconds of a frame of the screen, about. */
const FRAME = 16;

/** Begins and ends cines. */
export class Cine {
  /** @param {import("./page.js").Page} page */
  constructor(page) {
    this.page = page;
    this.isPlaying = false;
  }

  /** Play from here, or from the first plane where this is the last one; stop where one is playing. */
  async toggle() {
    const { page } = this;
    const { scheduler } = page;
    if (this.isPlaying) {
      scheduler.release();
      return;
    }
    const { file, plane } = page.state ?? {};
    if (!file || !plane || file.planes < 2) return;
    page.overview.close();
    this.isPlaying = true;
    try {
      if (plane.index === file.planes - 1 && !(await page.act("go-plane", { index: 0 }))) return;
      const chosen = page.state?.choices.cine ?? "file";
      page.around.busy(`Cine, ${told(page.state?.plane?.time ?? null, chosen)}: ${page.keyOf("cine")} stops it`);
      const score = new Score((state) => timeOf(state.plane?.time ?? null, chosen), () => {
        page.around.say({ text: `The cine stopped at a suggestion; ${page.keyOf("cine")} goes on.`, kind: "info" });
      });
      await scheduler.play(score);
    } finally {
      this.isPlaying = false;
      page.around.busy(null);
    }
  }
}

/** @param {number|null} time @param {string} chosen */
function told(time, chosen) {
  const rate = Math.round(10000 / timeOf(time, chosen)) / 10;
  const source = Number(chosen) > 0 ? "" : time === null ? ", as the file does not say" : ", as the file says";
  return `${rate} a second${source}`;
}
