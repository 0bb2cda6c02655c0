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

import { Lost, Refusal } from "./asking.js";
import { agree, foreseen, isBeside, nearOf, NOBODY, planeOf } from "./foresight.js";
import { HeldKey } from "./heldkey.js";
import { frame } from "./moments.js";
import { NewsWatch } from "./newswatch.js";
import { Pictures, SLOW } from "./pictures.js";
import { Witness } from "./witness.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").Trouble} Trouble */
/** @typedef {import("./levels.js").View} View */
/** @typedef {import("./pictures.js").Picture} Picture */

/** Keys pressed while a picture is coming are kept, up to this many. */
const WAITING = 8;
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
 * @property {(text: string|null, command?: string) => void} busy
 * @property {(why: Loss|null) => void} lost
 * @property {() => boolean} renew  load the page again for a new server, unless something typed would be lost: whether
 *   it does
 * @property {(trouble: Trouble, args: Record<string, unknown>) => void} refused  and what the command was about
 * @property {(file: number, key: string) => void} painted
 * @property {() => import("./sight.js").Sight|null} sight  what of the plane on the stage is in sight now
 */

/** Why nothing can be done: see `statusline.js` for the words. @typedef {"no answer"|"started again"|"new server"|"stranger"|"closed"} Loss */

export class Scheduler {
  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    /** @type {ViewState|null} what is on the screen */
    this.state = null;
    /** @type {{command: string, args: Record<string, unknown>, done: (ok: boolean) => void}[]} */
    this.waiting = [];
    this.running = false;
    this.lost = false;
    this.over = false;
    this.isClosed = false;
    /** @type {import("./api.js").Asked|null} the step whose plane is on the screen, and of which the server was not told yet */
    this.unsent = null;
    /** @type {HeldKey|null} */
    this.held = null;
    this.lastAction = 0;
    this.news = new NewsWatch(this);
    this.pictures = new Pictures(parts);
    this.witness = new Witness({
      sight: parts.sight,
      painted: parts.painted,
      state: () => this.state,
      isFree: () => !this.running && !this.lost,
      report: (file) => void this.run("seen", { file_id: file }),
    });
  }

  /** Load the first state and keep watching the server. */
  async start() {
    addEventListener("pagehide", () => {
      const painted = this.witness.take();
      if ((painted.length || this.unsent) && !this.lost) this.parts.api.farewell(painted, this.unsent);
    });
    document.addEventListener("visibilitychange", () => void this.looked());
    await this.#alone(async () => this.#present(await this.parts.api.state(null)));
    void this.news.run();
  }

  /** Another part of the plane, or more of it, may be in sight. */
  looked() {
    return this.witness.looked();
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
    if (this.held) {
      this.held.touch();
      if (repeat && command === this.held.command && !this.held.score) return Promise.resolve(true);
      this.release();
    } else if (repeat && !this.running && nearOf(this.state, command) && document.visibilityState === "visible") {
      void this.#alone(() => this.#walk(command));
      return Promise.resolve(true);
    }
    if (this.running && (repeat || this.waiting.length >= WAITING)) return Promise.resolve(false);
    return new Promise((done) => {
      this.waiting.push({ command, args, done });
      if (this.running && LEAVING.has(command)) this.pictures.leave();
      if (!this.running) void this.#work();
    });
  }

  async #work() {
    this.running = true;
    this.witness.hush();
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      const ok = await this.#one(next.command, next.args);
      next.done(ok);
    }
    this.running = false;
    this.lastAction = performance.now();
    this.witness.rest();
  }

  /** @param {string} command @param {Record<string, unknown>} args */
  async #one(command, args) {
    const { witness } = this;
    const painted = witness.take();
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let slow;
    const guess = this.#foreseen(command);
    let sent = painted;
    try {
      const act = () => {
        // behind the frame of a foreseen plane: to end a request takes the browser longer than to put pixels
        this.unsent = null;
        this.news.abort();
        slow = setTimeout(() => this.parts.busy("Working…", command), SLOW);
        sent = [...painted, ...witness.take()];
        return this.parts.api.act(command, args, sent);
      };
      if (guess) this.unsent = { command, args };
      const state = await (guess ? this.#step(guess.state, guess.picture, act) : act());
      clearTimeout(slow);
      if (guess && agree(guess.state, state)) this.#confirm(state);
      else await this.#present(state);
      return true;
    } catch (error) {
      const told = error instanceof Refusal && error.state !== null;
      if (!told) witness.giveBack(sent);
      if (told && error.state) await this.#present(error.state).catch((again) => this.#failed(again));
      this.#failed(error, args);
      return false;
    } finally {
      this.unsent = null;
      clearTimeout(slow);
      this.parts.busy(null);
    }
  }

  /** What a command will lead to, with its picture; null where either is not there. @param {string} command @returns {{state: ViewState, picture: Picture}|null} */
  #foreseen(command) {
    const state = foreseen(this.state, command);
    const made = state?.plane?.image ? this.parts.planes.peek(state.plane.image, this.parts.view(state)) : null;
    return state && made && { state, picture: { plane: made, trouble: null } };
  }

  /**
   * Paint a foreseen plane; the server is asked once it is on its way to the screen: its work would take the time of the frame.
   * @param {ViewState} state
   * @param {Picture} picture
   * @param {() => Promise<ViewState>} act
   */
  async #step(state, picture, act) {
    await this.show(state, picture, state.plane?.image ?? null);
    return act();
  }

  /**
   * Paint a state whose picture is there, in one frame: another plane with what tells which one it is, the same one with
   * all that a change of it brings.
   * @param {ViewState} state
   * @param {Picture} picture
   * @param {string|null} url  of the picture, null for one that is not kept
   */
  async show(state, picture, url) {
    const isSame = planeOf(this.state ?? NOBODY) === planeOf(state);
    await this.#change(state, picture, url, isSame ? this.parts.paint : this.parts.step);
  }

  /** @param {ViewState} state @param {Picture} picture @param {string|null} url @param {Parts["paint"]} paint */
  async #change(state, picture, url, paint) {
    this.state = state;
    this.witness.onScreen = null;
    paint(state, picture);
    this.parts.planes.show(url, picture.plane);
    await frame();
    await this.witness.painted(state, picture.plane !== null);
  }

  /** @param {ViewState} state */
  #confirm(state) {
    this.state = state;
    this.#settle(state);
  }

  /** @param {ViewState} state */
  #settle(state) {
    this.parts.settle(state);
    this.pictures.prefetch(state);
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
    const { shownUrl } = this.parts.planes;
    if (before && shownUrl !== null && shownUrl === state.plane?.image && isBeside(before, state)) {
      this.#confirm(state);
      return;
    }
    const picture = await this.pictures.of(state);
    if (picture === null) return;
    if (before?.database?.location !== state.database?.location) this.witness.forget();
    await this.#change(state, picture, picture.plane ? (state.plane?.image ?? null) : null, this.parts.paint);
    this.#settle(state);
  }

  // A key that is held down

  /** The key was let go: the plane on the screen is the last one. */
  release() {
    this.held?.release();
  }

  /** A key on the keyboard was let go: a cine plays on. */
  letGo() {
    if (this.held && !this.held.score) this.release();
  }

  /** Play a cine from the plane on the screen, until it stops or is released. @param {import("./cine.js").Score} score */
  async play(score) {
    const isThere = !this.running && !this.lost && nearOf(this.state, "next-frame") && document.visibilityState === "visible";
    if (isThere) await this.#alone(() => this.#walk("next-frame", score));
  }

  /** @param {string} command @param {import("./cine.js").Score|null} [score] */
  async #walk(command, score = null) {
    this.news.abort();
    this.witness.hush();
    const held = new HeldKey(this, command, score);
    this.held = held;
    try {
      await held.walk();
    } finally {
      this.held = null;
    }
    await held.telling;
    const { file, plane } = this.state ?? NOBODY;
    if (held.painted && file && plane) await this.#one("walk", { file_id: file.file_id, key: plane.key });
    // what could not be sent ahead is gone to as with a single key
    else if (held.isHeld && !score) this.waiting.unshift({ command, args: {}, done: () => {} });
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
    if (this.waiting.length || this.witness.unreported.length) await this.#work();
  }

  // What the server says by itself

  /** A state that nobody asked for with a command; the server is there. @param {ViewState} state */
  async hear(state) {
    const back = this.lost;
    this.lost = false;
    if (back) this.parts.lost(null);
    if (this.running || (!back && state.revision === this.state?.revision)) return;
    await this.#alone(() => this.#present(state));
  }

  /** The server did not answer, or not as ours does. @param {unknown} error */
  missed(error) {
    if (error instanceof Refusal && error.status === 409) this.#lose(this.#replaced());
    else if (error instanceof Refusal && error.status === 404) this.#lose("stranger");
    else this.#failed(error);
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
