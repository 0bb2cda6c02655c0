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
  return rects.filter((rect) => isWaiting(rect) && !known.has(rect.id));
}

/** The same in another file, whose ids are its own: what lies in the same place from the same source is known. @param {RectState[]} before @param {RectState[]} rects */
export function newInFile(before, rects) {
  const known = new Set(before.map(placeOf));
  return rects.filter((rect) => isWaiting(rect) && !known.has(placeOf(rect)));
}

/** @param {RectState} rect */
const isWaiting = ({ stored, applied, rejected }) => !stored && !applied && !rejected;

/** @param {RectState} rect */
const placeOf = ({ source, box }) => `${source} ${box}`;

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
    /** Whether it has stopped by itself. */
    this.isOver = false;
  }

  /** The first plane is there already. @param {ViewState} state */
  begin(state) {
    // where it goes on from another file, the plane that it came to has been there for a while
    if (!this.due) this.due = performance.now() + this.time(state);
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
    this.isOver = document.visibilityState !== "visible";
    if (this.isOver) return false;
    const found = before.file?.file_id === state.file?.file_id ? newSuggestions : newInFile;
    if (!found(before.rects, state.rects).length) return true;
    this.isOver = true;
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
    /** What is said while it plays. */
    this.words = "";
    /** Ends a cine that waits between two files. */
    this.stop = () => {};
  }

  /** Play from here, or from the first plane where this is the last one; stop where one is playing. */
  async toggle() {
    const { page } = this;
    const { scheduler } = page;
    if (this.isPlaying) {
      this.interrupt();
      return;
    }
    const { file, plane } = page.state ?? {};
    if (!file || !plane || (file.planes < 2 && !goesOn(page.state))) return;
    page.overview.close();
    this.isPlaying = true;
    try {
      const isLast = plane.index === file.planes - 1 && !goesOn(page.state);
      if (isLast && !(await scheduler.run("go-plane", { index: 0 }))) return;
      const chosen = page.state?.choices.cine ?? "file";
      this.words = `Cine, ${told(page.state?.plane?.time ?? null, chosen)}: ${page.keyOf("cine")} stops it`;
      page.cards.busy(this.words);
      const score = new Score((state) => timeOf(state.plane?.time ?? null, chosen), () => {
        page.messages.say({ text: `The cine stopped at a suggestion; ${page.keyOf("cine")} goes on.`, kind: "info" });
      });
      /** @type {Promise<void>} */
      const stopped = new Promise((resolve) => (this.stop = resolve));
      let isStopped = false;
      void stopped.then(() => (isStopped = true));
      do await scheduler.play(score);
      while (!isStopped && (await this.#toNextFile(score, stopped)));
    } finally {
      this.isPlaying = false;
      this.stop = () => {};
      page.cards.busy(null);
    }
  }

  /** Stop, wherever it is. */
  interrupt() {
    this.page.scheduler.release();
    this.stop();
  }

  /**
   * Go on into the next file of the series, once the plane on the screen has been there long enough.
   * @param {Score} score
   * @param {Promise<void>} stopped
   * @returns {Promise<boolean>} whether the cine plays on from its first plane
   */
  async #toNextFile(score, stopped) {
    const { page } = this;
    const { scheduler } = page;
    const before = page.state;
    if (score.isOver || !before || !goesOn(before) || document.visibilityState !== "visible") return false;
    let isStopped = false;
    void stopped.then(() => (isStopped = true));
    if (!score.due) score.begin(before);
    await score.rest(stopped);
    if (isStopped || !(await scheduler.run("next-frame"))) return false;
    while (!isStopped && page.state?.file?.opening) await Promise.race([pause(25), stopped]);
    // what is suggested on a plane is looked for once its file is open
    if (isStopped || !(await scheduler.run("suggest"))) return false;
    page.cards.busy(this.words);
    return page.state !== null && score.painted(before, page.state) && !isStopped;
  }
}

/** Whether the next file of the series follows the plane on the screen. @param {ViewState|null} state */
function goesOn(state) {
  return Boolean(state?.stack && state.file && state.plane && state.plane.index === state.file.planes - 1 && state.can.next_frame);
}

/** @param {number|null} time @param {string} chosen */
function told(time, chosen) {
  const rate = Math.round(10000 / timeOf(time, chosen)) / 10;
  const source = Number(chosen) > 0 ? "" : time === null ? ", as the file does not say" : ", as the file says";
  return `${rate} a second${source}`;
}
