/**
 * One thing after the other: a command goes to the server, the state comes back, its picture is made ready, and
 * number, title and picture are changed in one go, which the browser shows in its next frame. Only after that frame the
 * next command begins. So no plane is skipped unpainted and no plane appears under another's number. (Changing all of
 * it before the frame, and not in its callback, leaves the frame itself little to do: it is not missed so easily.)
 *
 * While a key is held down planes stream in, each with what it changes: one is painted a frame, none is left out, and the
 * server is told now and then how far it is.
 *
 * For the step to the next or previous plane the server has said beforehand what will change. Where its picture is
 * there, too, the frame is painted while the server is still being asked; its answer confirms that, or corrects it.
 */

import { Lost, Refusal } from "./api.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").Trouble} Trouble */
/** @typedef {import("./types.js").Painted} Painted */
/** @typedef {import("./levels.js").View} View */
/** @typedef {{plane: import("./levels.js").Made|null, trouble: Trouble|null}} Picture */

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
/** A key that is held down sends repeats; without one for this long it was let go unseen. */
const LET_GO = 1000;
/** How often the server is told how far a held key is. */
const TELL = 250;
/** What a held key does, and which way. @type {Record<string, 1|-1>} */
const WALKS = { "next-frame": 1, "previous-frame": -1 };
/** What changes the levels alone, and what comes of it. @type {Record<string, (view: ViewState["view"]) => ViewState["view"]>} */
const LEVELS = {
  invert: (view) => ({ ...view, inverted: !view.inverted }),
  voi: (view) => ({ ...view, rendering: view.rendering === "voi" ? "full" : "voi" }),
};
/** Commands that may leave a plane that is still being decoded. `next-frame` is not one of them: it would skip it. */
const LEAVING = new Set(["next-file", "previous-file", "previous-frame", "next-overlay", "go-plane", "go-file", "quit"]);

/**
 * What the scheduler needs.
 * @typedef {object} Parts
 * @property {import("./api.js").Api} api
 * @property {import("./planes.js").Planes} planes
 * @property {(state: ViewState) => View} view  how planes of a state are looked at
 * @property {(plane: import("./levels.js").Made) => boolean} fits  whether the pixels that came with a plane lie where it will lie
 * @property {() => import("./scaling.js").Size|null} small  how large pictures are while a key is held down, null where planes come whole
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

/** Why nothing can be done: see `surroundings.js` for the words. @typedef {"no answer"|"started again"|"new server"|"stranger"|"closed"} Loss */

/** @param {Pick<ViewState, "file"|"plane">} state */
const planeOf = (state) => (state.file && state.plane ? `${state.file.file_id}/${state.plane.key}` : null);

/** A key that is held down. @typedef {{command: string, stream: import("./planes.js").Stream, touched: number, isHeld: boolean, told: number, telling: Promise<void>|null, news: ViewState|null}} Walk */

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
    after.push(resolve);
    channel.port2.postMessage(null);
  });
}

/** One for all tasks: a channel keeps its memory until the next collection. */
const channel = new MessageChannel();
/** @type {((value: unknown) => void)[]} */
const after = [];
channel.port1.onmessage = () => after.shift()?.(null);

/** No state: no plane is on the screen. @type {Pick<ViewState, "file"|"plane">} */
const NOBODY = { file: null, plane: null };

export class Scheduler {
  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    /** @type {ViewState|null} what is on the screen */
    this.state = null;
    /** @type {Painted[]} painted and not yet reported */
    this.unreported = [];
    /** @type {{command: string, args: Record<string, unknown>, done: (ok: boolean) => void}[]} */
    this.waiting = [];
    this.running = false;
    this.lost = false;
    this.over = false;
    this.isClosed = false;
    /** @type {AbortController|null} */
    this.poll = null;
    /** @type {(() => void)|null} gives up the picture that is waited for */
    this.leave = null;
    /** @type {ViewState|null} the state whose plane is on the screen, once it was painted */
    this.onScreen = null;
    /** @type {Walk|null} */
    this.walking = null;
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
      if (painted.length && !this.lost) this.parts.api.farewell(painted);
    });
    document.addEventListener("visibilitychange", () => void this.looked());
    await this.#alone(async () => this.#present(await this.parts.api.state(null)));
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
    if (this.walking) {
      this.walking.touched = performance.now();
      if (repeat && command === this.walking.command) return Promise.resolve(true);
      this.release();
    } else if (repeat && !this.running && this.#canWalk(command)) {
      void this.#alone(() => this.#walk(command));
      return Promise.resolve(true);
    }
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
    const slow = setTimeout(() => this.parts.busy("Working…"), SLOW);
    const guess = this.#foreseen(command);
    let sent = painted;
    try {
      const act = () => {
        sent = [...painted, ...this.unreported.splice(0)];
        return this.parts.api.act(command, args, sent);
      };
      const state = await (guess ? this.#step(guess.state, guess.picture, act) : act());
      clearTimeout(slow);
      if (guess && agree(guess.state, state)) this.#confirm(state);
      else await this.#present(state);
      return true;
    } catch (error) {
      const told = error instanceof Refusal && error.state !== null;
      if (!told) this.unreported = [...sent, ...this.unreported];
      if (told && error.state) await this.#present(error.state).catch((again) => this.#failed(again));
      this.#failed(error, args);
      return false;
    } finally {
      clearTimeout(slow);
      this.parts.busy(null);
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
    if (state && command in LEVELS) return this.#otherLevels(state, command);
    if (!state?.file || !part?.plane.image || part.plane.error || state.question) return null;
    const plane = this.parts.planes.peek(part.plane.image, this.parts.view(state));
    const near = { next: null, previous: null };
    return plane && { state: { ...state, ...part, near, message: null }, picture: { plane, trouble: null } };
  }

  /**
   * The same plane through another table, which is here already.
   * @param {ViewState} before
   * @param {string} command
   * @returns {{state: ViewState, picture: Picture}|null}
   */
  #otherLevels(before, command) {
    const { plane, view } = before;
    const other = LEVELS[command]?.(view);
    if (!other || !plane?.image || before.question || (view.rendering === "local") !== (other.rendering === "local")) return null;
    const state = { ...before, view: other, message: null };
    const made = this.parts.planes.peek(plane.image, this.parts.view(state));
    return made && { state, picture: { plane: made, trouble: null } };
  }

  /**
   * Paint a foreseen plane; the server is asked once it is on its way to the screen: its work would take the time of the frame.
   * @param {ViewState} state
   * @param {Picture} picture
   * @param {() => Promise<ViewState>} act
   */
  async #step(state, picture, act) {
    const isSame = planeOf(this.state ?? NOBODY) === planeOf(state);
    this.state = state;
    this.onScreen = null;
    if (isSame) this.parts.paint(state, picture);
    else this.parts.step(state, picture);
    this.parts.planes.show(state.plane?.image ?? null, picture.plane);
    await frame();
    await this.#painted(state, picture);
    return act();
  }

  /**
   * Whether all that is new in a state lies beside the stage: the picture need not be painted again.
   * @param {ViewState} before
   * @param {ViewState} state
   */
  #isShown(before, state) {
    const { shownUrl } = this.parts.planes;
    const same = shownUrl !== null && shownUrl === state.plane?.image && before.database?.location === state.database?.location;
    return same && !state.file?.error && agree(before, state);
  }

  /** @param {ViewState} state */
  #confirm(state) {
    this.state = state;
    this.parts.settle(state);
    this.parts.planes.prefetch(this.#ahead(state), this.parts.view(state));
  }

  /**
   * Note what is on the screen, once it is.
   * @param {ViewState} state
   * @param {Picture} picture
   */
  async #painted(state, picture) {
    await nextTask();
    this.onScreen = picture.plane && state.file && state.plane ? state : null;
    if (!this.onScreen || !state.file || !state.plane || document.visibilityState !== "visible") return;
    this.parts.painted(state.file.file_id, state.plane.key);
    this.#note();
  }

  /** Note what is in sight of the plane on the screen, where that is something new. */
  #note() {
    clearTimeout(this.uncovering);
    const { onScreen } = this;
    if (!onScreen?.file || !onScreen.plane) return;
    const found = this.parts.sight();
    const seen = found?.plane === planeOf(onScreen) ? found : null;
    // what lies over the stage for a while is waited for: what is below it was not seen
    if (!seen || seen.covered) this.uncovering = setTimeout(() => void this.looked(), COVERED);
    if (!seen) return;
    const { ticket, scale, stage, boxes } = seen;
    const sight = { file_id: onScreen.file.file_id, key: onScreen.plane.key, ticket, scale, stage, boxes };
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
    if (this.running || this.lost || onScreen !== this.onScreen || planeOf(this.state ?? NOBODY) !== planeOf(onScreen ?? NOBODY)) return;
    this.#note();
    if (!this.unreported.length) return;
    clearTimeout(this.reporting);
    this.reporting = setTimeout(() => void this.#report(), LOOK);
  }

  /** @param {unknown} error @param {Record<string, unknown>} [args]  of the command that failed */
  #failed(error, args = {}) {
    if (error instanceof Lost) this.#lose("no answer");
    else if (error instanceof Refusal && (error.status === 401 || error.status === 403)) this.#lose("started again");
    else if (error instanceof Refusal) this.parts.refused({ message: error.message, hint: error.hint }, args);
    else throw error;
  }

  /** @param {Loss} why */
  #lose(why) {
    this.lost = true;
    this.waiting.splice(0).forEach(({ done }) => done(false));
    this.parts.lost(why);
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
    this.parts.paint(state, picture);
    this.parts.planes.show(picture.plane ? (state.plane?.image ?? null) : null, picture.plane);
    await frame();
    await this.#painted(state, picture);
    this.parts.settle(state);
    this.parts.planes.prefetch(this.#ahead(state), this.parts.view(state));
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
    const { planes } = this.parts;
    const view = this.parts.view(state);
    const kept = planes.peek(plane.image, view);
    if (kept) return { plane: kept, trouble: null };
    planes.abandonOthers(plane.image);
    const slow = setTimeout(() => this.parts.busy(`Loading ${plane.title}…`), SLOW);
    try {
      /** @type {Promise<null>} */
      const left = new Promise((resolve) => (this.leave = () => resolve(null)));
      const made = await Promise.race([planes.get(plane.image, `${file.file_id}/${plane.key}`, view), left]);
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
      this.parts.busy(null);
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
      url: `${this.parts.api.base}/plane/${file}/${key}${image.includes("?") ? query : ""}`,
      plane: `${file}/${key}`,
    }));
  }

  // A key that is held down

  /** @param {string} command */
  #canWalk(command) {
    const { state } = this;
    const near = command === "next-frame" ? state?.near.next : command === "previous-frame" ? state?.near.previous : null;
    return Boolean(near?.plane.image && !near.plane.error && !state?.question && document.visibilityState === "visible");
  }

  /** The key was let go: the plane on the screen is the last one. */
  release() {
    if (!this.walking) return;
    this.walking.isHeld = false;
    this.walking.stream.stop();
  }

  /**
   * Paint plane after plane, each in a frame of its own, until the key is let go or the file ends.
   * @param {string} command
   */
  async #walk(command) {
    this.poll?.abort();
    clearTimeout(this.reporting);
    const stream = this.parts.planes.walk(this.#walkAddress(command), this.parts.view(/** @type {ViewState} */ (this.state)));
    const walk = { command, stream, touched: performance.now(), isHeld: true, told: performance.now(), telling: null, news: null };
    this.walking = walk;
    let painted = 0;
    try {
      for (let made = await stream.next(); made; made = await stream.next()) {
        if (!(await this.#walkTo(made, walk))) break;
        painted += 1;
        if (!walk.isHeld || performance.now() - walk.touched > LET_GO) break;
        this.#tell(walk);
      }
    } finally {
      stream.stop();
      this.walking = null;
    }
    await /** @type {Walk} */ (walk).telling;
    const { file, plane } = this.state ?? NOBODY;
    if (painted && file && plane) await this.#one("walk", { file_id: file.file_id, key: plane.key });
    // what could not be sent ahead is gone to as with a single key
    else if (walk.isHeld) this.waiting.unshift({ command, args: {}, done: () => {} });
  }

  /** @param {string} command */
  #walkAddress(command) {
    const { file, plane, view } = /** @type {ViewState} */ (this.state);
    const small = this.parts.small();
    const query = new URLSearchParams({
      from: String((plane?.index ?? 0) + (WALKS[command] ?? 1)),
      back: WALKS[command] === -1 ? "1" : "0",
      rendering: small || view.rendering === "local" ? view.rendering : "full",
      ...(small ? { inverted: view.inverted ? "1" : "0", width: String(small.width), height: String(small.height) } : {}),
    });
    return `${this.parts.api.base}/walk/${file?.file_id}?${query}`;
  }

  /**
   * @param {import("./levels.js").Made} made
   * @param {Walk} walk
   * @returns {Promise<boolean>} false where the plane is not the one that comes next, or cannot be painted as it came
   */
  async #walkTo(made, walk) {
    const before = /** @type {ViewState} */ (this.state);
    const { planes } = this.parts;
    const next = made.step?.plane;
    const isNext = next && made.plane === `${before.file?.file_id}/${next.key}` && next.index === (before.plane?.index ?? 0) + (WALKS[walk.command] ?? 1);
    if (!isNext || !walk.isHeld || (!made.cells && !this.parts.fits(made))) {
      planes.discard(made);
      return false;
    }
    const news = walk.news && walk.news.revision >= before.revision && walk.news.file?.file_id === before.file?.file_id ? walk.news : before;
    const state = { ...news, ...made.step, view: before.view, near: { next: null, previous: null }, message: null };
    const picture = { plane: made, trouble: null };
    this.state = state;
    this.onScreen = null;
    this.parts.step(state, picture);
    planes.keep(next.image, made);
    planes.show(made.cells ? next.image : null, made);
    await frame();
    await this.#painted(state, picture);
    return true;
  }

  /** Report what was painted, without waiting for the answer: it comes into one of the next frames. @param {Walk} walk */
  #tell(walk) {
    const { file, plane } = this.state ?? NOBODY;
    if (walk.telling || !file || !plane || performance.now() - walk.told < TELL) return;
    const painted = this.unreported.splice(0);
    walk.told = performance.now();
    walk.telling = this.parts.api.act("walk", { file_id: file.file_id, key: plane.key }, painted).then(
      (state) => {
        walk.news = state;
        walk.telling = null;
        if (state.question || state.file?.file_id !== file.file_id) this.release();
      },
      () => {
        // the last word about the held key fails in the same way, and says so
        this.unreported.unshift(...painted);
        walk.telling = null;
        this.release();
      },
    );
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
      const state = await this.parts.api.state(ask, this.poll.signal);
      const back = this.lost;
      this.lost = false;
      if (back) this.parts.lost(null);
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
    this.over = this.parts.renew();
    return "new server";
  }
}
