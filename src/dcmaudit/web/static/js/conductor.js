/**
 * One thing after the other: a command goes to the server, the state comes back, its picture is made ready, and
 * number, title and picture are changed in one go, which the browser shows in its next frame. Only after that frame the
 * next command begins. So no plane is skipped unpainted and no plane appears under another's number. (Changing all of
 * it before the frame, and not in its callback, leaves the frame itself little to do: it is not missed so easily.)
 *
 * For the step to the next or previous plane the server has said beforehand what will change. Where its picture is
 * there, too, the frame is painted while the server is still being asked; its answer confirms that, or corrects it.
 */

import { Lost, Refusal } from "./api.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").Trouble} Trouble */
/** @typedef {import("./types.js").Painted} Painted */
/** @typedef {{plane: import("./pictures.js").Shown|null, trouble: Trouble|null}} Picture */

/** A wait that is shorter than this is not worth a word. */
const SLOW = 150;
/** Without another command for this long, what was painted is reported by itself. */
const QUIET = 250;
/** How often to see whether it is quiet. */
const LOOK = 25;
/** How often to see whether what lies over the stage has gone. */
const COVERED = 400;
/** Keys pressed while a picture is coming are kept, up to this many. */
const WAITING = 8;
/** Commands that may leave a plane that is still being decoded. `next-frame` is not one of them: it would skip it. */
const LEAVING = new Set(["next-file", "previous-file", "previous-frame", "next-overlay", "go-plane", "go-file", "quit"]);

/**
 * What the conductor needs.
 * @typedef {object} Score
 * @property {import("./api.js").Api} api
 * @property {import("./pictures.js").Pictures} pictures
 * @property {(state: ViewState, picture: Picture) => void} paint  puts a state on the screen: the plane and what tells which one it is, in one go
 * @property {(state: ViewState, picture: Picture) => void} step  the same for a plane beside the one on the screen: the stage and its words alone
 * @property {(state: ViewState) => void} settle  everything else of a state whose plane is on the screen
 * @property {(text: string|null) => void} busy
 * @property {(why: Loss|null) => void} lost
 * @property {() => boolean} renew  load the page again for a new server, unless something typed would be lost: whether
 *   it does
 * @property {(trouble: Trouble, args: Record<string, unknown>) => void} refused  and what the command was about
 * @property {(file: number, key: string) => void} painted
 * @property {() => import("./sight.js").Sight|null} sight  what of the plane on the stage is in sight now
 */

/** Why nothing can be done: see `chrome.js` for the words. @typedef {"no answer"|"started again"|"new server"|"stranger"|"closed"} Loss */

/** @param {Pick<ViewState, "file"|"plane">} state */
const planeOf = (state) => (state.file && state.plane ? `${state.file.file_id}/${state.plane.key}` : null);

/** A plane that is on the screen, with its picture's ticket. @typedef {{state: ViewState, ticket: string}} OnScreen */

/** Whether two states show the same on the stage. @param {ViewState} one @param {ViewState} other */
function agree(one, other) {
  /** @param {ViewState} state */
  const shown = ({ file, plane, rects, view, cursor }) => JSON.stringify([file?.file_id, plane, rects, view, cursor]);
  return shown(one) === shown(other);
}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Resolves inside the next animation frame, which shows what was changed before it. */
const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** Resolves after what the browser is doing now: inside of a frame, when that frame has gone to the compositor. */
function nextTask() {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  });
}

/** No state: no plane is on the screen. @type {Pick<ViewState, "file"|"plane">} */
const NOBODY = { file: null, plane: null };

export class Conductor {
  /** @param {Score} score */
  constructor(score) {
    this.score = score;
    /** @type {ViewState|null} what is on the screen */
    this.state = null;
    /** @type {Painted[]} painted and not yet reported */
    this.unreported = [];
    /** @type {{command: string, args: Record<string, unknown>, done: (ok: boolean) => void}[]} */
    this.waiting = [];
    this.running = false;
    /** Whether the last command came from a key that is held down: there is no time for what is not needed. */
    this.held = false;
    this.lost = false;
    this.over = false;
    this.isClosed = false;
    /** @type {AbortController|null} */
    this.poll = null;
    /** @type {(() => void)|null} gives up the picture that is waited for */
    this.leave = null;
    /** @type {OnScreen|null} the plane on the screen, once it was painted */
    this.onScreen = null;
    /** The last sight that was noted. */
    this.lastSight = "";
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.uncovering = undefined;
    this.lastAction = 0;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.reporting = undefined;
  }

  /** Load the first state and keep watching the server. */
  async start() {
    addEventListener("pagehide", () => {
      const painted = this.unreported.splice(0);
      if (painted.length && !this.lost) this.score.api.farewell(painted);
    });
    document.addEventListener("visibilitychange", () => void this.looked());
    await this.#alone(async () => this.#present(await this.score.api.state(null)));
    void this.#watch();
  }

  /**
   * Carry out a command. Repeats of a held key are dropped while anything is under way.
   * @param {string} command
   * @param {Record<string, unknown>} [args]
   * @param {boolean} [repeat]
   * @returns {Promise<boolean>} whether the server carried it out
   */
  run(command, args = {}, repeat = false) {
    if (this.lost) return Promise.resolve(false);
    this.held = repeat;
    if (this.running && (repeat || this.waiting.length >= WAITING)) return Promise.resolve(false);
    return new Promise((done) => {
      this.waiting.push({ command, args, done });
      if (this.running && LEAVING.has(command)) this.leave?.();
      if (!this.running) void this.#work();
    });
  }

  async #work() {
    this.running = true;
    this.poll?.abort();
    clearTimeout(this.reporting);
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      const ok = await this.#one(next.command, next.args);
      next.done(ok);
    }
    this.running = false;
    this.lastAction = performance.now();
    // What was moved, or came free, meanwhile.
    clearTimeout(this.uncovering);
    this.uncovering = setTimeout(() => void this.looked(), QUIET);
    if (this.unreported.length) this.reporting = setTimeout(() => void this.#report(), QUIET);
  }

  /** @param {string} command @param {Record<string, unknown>} args */
  async #one(command, args) {
    const painted = this.unreported;
    this.unreported = [];
    const slow = setTimeout(() => this.score.busy("Working…"), SLOW);
    const guess = this.#foreseen(command);
    try {
      const act = () => this.score.api.act(command, args, painted);
      const state = await (guess ? this.#step(guess.state, guess.picture, act) : act());
      clearTimeout(slow);
      if (guess && agree(guess.state, state)) this.#confirm(state);
      else await this.#present(state);
      return true;
    } catch (error) {
      const told = error instanceof Refusal && error.state !== null;
      if (!told) this.unreported = [...painted, ...this.unreported];
      if (told && error.state) await this.#present(error.state).catch((again) => this.#failed(again));
      this.#failed(error, args);
      return false;
    } finally {
      clearTimeout(slow);
      this.score.busy(null);
    }
  }

  /**
   * What the server has said that this command will lead to, with its picture; null where either is not there.
   * @param {string} command
   * @returns {{state: ViewState, picture: Picture}|null}
   */
  #foreseen(command) {
    const { state } = this;
    const part = command === "next-frame" ? state?.near.next : command === "previous-frame" ? state?.near.previous : null;
    if (!state?.file || !part?.plane.image || part.plane.error || state.question) return null;
    const plane = this.score.pictures.peek(part.plane.image);
    const near = { next: null, previous: null };
    return plane && { state: { ...state, ...part, near, message: null }, picture: { plane, trouble: null } };
  }

  /**
   * Paint a foreseen plane; the server is asked once it is painted, while the frame is still on its way.
   * @param {ViewState} state
   * @param {Picture} picture
   * @param {() => Promise<ViewState>} act
   */
  async #step(state, picture, act) {
    this.state = state;
    this.onScreen = null;
    this.score.step(state, picture);
    this.score.pictures.shown = state.plane?.image ?? null;
    const shown = frame();
    await nextTask();
    const answer = act();
    answer.catch(() => {
      // told where it is waited for
    });
    await shown;
    await this.#painted(state, picture);
    return answer;
  }

  /**
   * Whether all that is new in a state lies beside the stage: the picture need not be painted again.
   * @param {ViewState} before
   * @param {ViewState} state
   */
  #isShown(before, state) {
    const { shown } = this.score.pictures;
    const same = shown !== null && shown === state.plane?.image && before.database?.location === state.database?.location;
    return same && !state.file?.error && agree(before, state);
  }

  /** @param {ViewState} state */
  #confirm(state) {
    this.state = state;
    this.score.settle(state);
    this.score.pictures.prefetch(this.#ahead(state), !this.held);
  }

  /**
   * Note what is on the screen, once it is.
   * @param {ViewState} state
   * @param {Picture} picture
   */
  async #painted(state, picture) {
    await nextTask();
    this.onScreen = picture.plane && state.file && state.plane ? { state, ticket: picture.plane.ticket } : null;
    if (!this.onScreen || !state.file || !state.plane || document.visibilityState !== "visible") return;
    this.#note();
    this.score.painted(state.file.file_id, state.plane.key);
  }

  /** Note what is in sight of the plane on the screen, where that is something new. */
  #note() {
    clearTimeout(this.uncovering);
    const { onScreen } = this;
    if (!onScreen?.state.file || !onScreen.state.plane) return;
    const seen = this.score.sight();
    // what lies over the stage for a while is waited for: what is below it was not seen
    if (!seen || seen.covered) this.uncovering = setTimeout(() => void this.looked(), COVERED);
    if (!seen) return;
    const { scale, stage, boxes } = seen;
    const sight = { file_id: onScreen.state.file.file_id, key: onScreen.state.plane.key, ticket: onScreen.ticket, scale, stage, boxes };
    const signature = JSON.stringify(sight);
    if (signature === this.lastSight) return;
    this.lastSight = signature;
    this.unreported.push(sight);
  }

  /** Another part of the plane, or more of it, may be in sight since it was painted: note it after the next frame. */
  async looked() {
    if (this.running || this.lost) return;
    const { onScreen } = this;
    await frame();
    await nextTask();
    if (this.running || this.lost || onScreen !== this.onScreen || planeOf(this.state ?? NOBODY) !== planeOf(onScreen?.state ?? NOBODY)) return;
    this.#note();
    if (!this.unreported.length) return;
    clearTimeout(this.reporting);
    this.reporting = setTimeout(() => void this.#report(), LOOK);
  }

  /** @param {unknown} error @param {Record<string, unknown>} [args]  of the command that failed */
  #failed(error, args = {}) {
    if (error instanceof Lost) this.#lose("no answer");
    else if (error instanceof Refusal && (error.status === 401 || error.status === 403)) this.#lose("started again");
    else if (error instanceof Refusal) this.score.refused({ message: error.message, hint: error.hint }, args);
    else throw error;
  }

  /** @param {Loss} why */
  #lose(why) {
    this.lost = true;
    this.waiting.splice(0).forEach(({ done }) => done(false));
    this.score.lost(why);
  }

  /**
   * Make the picture ready, then change everything in one frame.
   * @param {ViewState} state
   */
  async #present(state) {
    const before = this.state;
    if (before && state.revision < before.revision) return;
    if (before && this.#isShown(before, state)) {
      this.#confirm(state);
      return;
    }
    const picture = await this.#picture(state);
    if (picture === null) return;
    // another database knows nothing of what was painted: the plane on the screen is reported to it, too
    if (before?.database?.location !== state.database?.location) this.lastSight = "";
    this.state = state;
    this.onScreen = null;
    this.score.paint(state, picture);
    this.score.pictures.shown = picture.plane ? (state.plane?.image ?? null) : null;
    await frame();
    await this.#painted(state, picture);
    this.score.settle(state);
    this.score.pictures.prefetch(this.#ahead(state), !this.held);
  }

  /**
   * The decoded picture, or why there is none; null where the reviewer went on without waiting for it.
   * @param {ViewState} state
   * @returns {Promise<Picture|null>}
   */
  async #picture(state) {
    const { file, plane } = state;
    if (!file || !plane || plane.error || !plane.image) {
      return { plane: null, trouble: file?.error ?? plane?.error ?? null };
    }
    const { pictures } = this.score;
    const kept = pictures.peek(plane.image);
    if (kept) return { plane: kept, trouble: null };
    pictures.abandonOthers(plane.image);
    const slow = setTimeout(() => this.score.busy(`Loading ${plane.title}…`), SLOW);
    try {
      /** @type {Promise<null>} */
      const left = new Promise((resolve) => (this.leave = () => resolve(null)));
      const made = await Promise.race([pictures.get(plane.image, `${file.file_id}/${plane.key}`), left]);
      return made && { plane: made, trouble: null };
    } catch (error) {
      if (error instanceof Refusal && error.status !== 401 && error.status !== 403) {
        return { plane: null, trouble: { message: error.message, hint: error.hint } };
      }
      if (error instanceof DOMException) {
        const message = "The picture that the server sent cannot be read by this browser.";
        return { plane: null, trouble: { message, hint: "Look at the plane in another program before calling it clean." } };
      }
      throw error;
    } finally {
      clearTimeout(slow);
      this.score.busy(null);
      this.leave = null;
    }
  }

  /**
   * The pictures that the server expects to be wanted next, in the rendering that is shown.
   * @param {ViewState} state
   * @returns {{url: string, plane: string}[]}
   */
  #ahead(state) {
    const image = state.plane?.image;
    if (!image || !state.file) return [];
    const query = image.slice(image.indexOf("?"));
    return state.prefetch.map(([file, key]) => ({
      url: `${this.score.api.base}/image/${file}/${key}${image.includes("?") ? query : ""}`,
      plane: `${file}/${key}`,
    }));
  }

  async #report() {
    const keys = this.unreported;
    const file = keys.at(-1)?.file_id;
    if (file === undefined || this.running || this.lost) return;
    await this.run("seen", { file_id: file });
  }

  /**
   * Work that keeps commands waiting.
   * @param {() => Promise<void>} work
   */
  async #alone(work) {
    this.running = true;
    try {
      await work();
    } catch (error) {
      this.#failed(error);
    }
    this.running = false;
    if (this.waiting.length || this.unreported.length) await this.#work();
  }

  /** Long polling: a growing worklist, a finished search for stray bits, a server that has gone. */
  async #watch() {
    for (;;) {
      if (this.over) return;
      if (this.running || (!this.#expectsNews() && performance.now() - this.lastAction < QUIET)) {
        await pause(LOOK);
        continue;
      }
      await this.#listen();
    }
  }

  /** Whether there is nothing to look at yet, and it is on its way: that is asked for without a pause. */
  #expectsNews() {
    const { state } = this;
    return state !== null && (state.file ? state.file.opening : state.worklist.growing);
  }

  async #listen() {
    this.poll = new AbortController();
    const ask = this.lost ? null : { after: this.state?.revision ?? 0, wait: 20 };
    try {
      const state = await this.score.api.state(ask, this.poll.signal);
      const back = this.lost;
      this.lost = false;
      if (back) this.score.lost(null);
      if (this.running || (!back && state.revision === this.state?.revision)) return;
      await this.#alone(() => this.#present(state));
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      if (error instanceof Refusal && error.status >= 500) {
        await pause(2000);
        return;
      }
      if (error instanceof Refusal && error.status === 409) this.#lose(this.#replaced());
      else if (error instanceof Refusal && error.status === 404) this.#lose("stranger");
      else this.#failed(error);
      await pause(1000);
    }
  }

  /**
   * The server answers and does not know this document. Where there was no answer before it is another server, and this
   * browser has its cookie: the page begins anew with it. Else the document had to make room, and pages that load
   * themselves again would push each other out for ever.
   * @returns {Loss}
   */
  #replaced() {
    if (!this.lost || this.isClosed) {
      this.isClosed = true;
      return "closed";
    }
    this.over = this.score.renew();
    return "new server";
  }
}
