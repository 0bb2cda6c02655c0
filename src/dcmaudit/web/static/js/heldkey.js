/**
 * A key that is held down: planes stream in, each with what it changes; one is painted a frame, none is left out, and the
 * server is told now and then how far it is.
 */

import { NOBODY } from "./foresight.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./levels.js").Made} Made */

/** A key that is held down sends repeats; without one for this long it was let go unseen. */
const LET_GO = 1000;
/** How often the server is told how far a held key is. */
const TELL = 250;
/** What a held key does, and which way. @type {Record<string, 1|-1>} */
const WAYS = { "next-frame": 1, "previous-frame": -1 };

export class HeldKey {
  /**
   * @param {import("./scheduler.js").Scheduler} scheduler
   * @param {string} command
   * @param {import("./cine.js").Score|null} [score]  of a cine, which nobody holds a key for
   */
  constructor(scheduler, command, score = null) {
    this.scheduler = scheduler;
    this.parts = scheduler.parts;
    this.command = command;
    this.score = score;
    this.way = WAYS[command] ?? 1;
    this.touched = performance.now();
    this.told = this.touched;
    this.isHeld = true;
    this.stop = () => {};
    /** @type {Promise<void>} */
    this.stopped = new Promise((resolve) => (this.stop = resolve));
    this.painted = 0;
    /** @type {Promise<void>|null} */
    this.telling = null;
    /** @type {ViewState|null} what the server answered on the way */
    this.news = null;
    this.stream = this.parts.planes.walk(this.#address(), this.parts.view(this.#state));
  }

  /** @returns {ViewState} */
  get #state() {
    return /** @type {ViewState} */ (this.scheduler.state);
  }

  /** Another repeat of the key. */
  touch() {
    this.touched = performance.now();
  }

  /** The key was let go: the plane on the screen is the last one. */
  release() {
    this.isHeld = false;
    this.stop();
    this.stream.stop();
  }

  /** Paint plane after plane, each in a frame of its own, until the key is let go or the file ends. */
  async walk() {
    const { stream, score } = this;
    score?.begin(this.#state);
    try {
      for (let made = await stream.next(); made; made = await stream.next()) {
        await score?.rest(this.stopped);
        const before = this.#state;
        if (!(await this.#to(made))) break;
        this.painted += 1;
        if (!this.isHeld || !this.#goesOn(before)) break;
        this.#tell();
      }
    } finally {
      stream.stop();
    }
  }

  /** @param {ViewState} before */
  #goesOn(before) {
    return this.score ? this.score.painted(before, this.#state) : performance.now() - this.touched <= LET_GO;
  }

  #address() {
    const { file, plane, view } = this.#state;
    const small = this.parts.small();
    const query = new URLSearchParams({
      from: String((plane?.index ?? 0) + this.way),
      back: this.way === -1 ? "1" : "0",
      rendering: small || view.rendering === "local" ? view.rendering : "full",
      ...(small ? { inverted: view.inverted ? "1" : "0", width: String(small.width), height: String(small.height) } : {}),
    });
    return `${this.parts.api.base}/walk/${file?.file_id}?${query}`;
  }

  /** @param {Made} made @returns {Promise<boolean>} false where the plane is not the one that comes next, or cannot be painted as it came */
  async #to(made) {
    const before = this.#state;
    const { planes } = this.parts;
    const next = made.step?.plane;
    const isNext = next && made.plane === `${before.file?.file_id}/${next.key}` && next.index === (before.plane?.index ?? 0) + this.way;
    if (!isNext || !this.isHeld || (!made.cells && !this.parts.fits(made))) {
      planes.discard(made);
      return false;
    }
    const { news } = this;
    const base = news && news.revision >= before.revision && news.file?.file_id === before.file?.file_id ? news : before;
    const state = { ...base, ...made.step, view: before.view, chosen: null, near: { next: null, previous: null }, message: null };
    if (made.cells) planes.keep(next.image, made);
    await this.scheduler.show(state, { plane: made, trouble: null }, made.cells ? next.image : null);
    return true;
  }

  /** Report what was painted, without waiting for the answer: it comes into one of the next frames. */
  #tell() {
    const { file, plane } = this.scheduler.state ?? NOBODY;
    if (this.telling || !file || !plane || performance.now() - this.told < TELL) return;
    const { witness } = this.scheduler;
    const painted = witness.take();
    this.told = performance.now();
    this.telling = this.parts.api.act("walk", { file_id: file.file_id, key: plane.key }, painted).then(
      (state) => {
        this.news = state;
        this.telling = null;
        if (state.question || state.file?.file_id !== file.file_id) this.release();
      },
      () => {
        // the last word about the held key fails in the same way, and says so
        witness.giveBack(painted);
        this.telling = null;
        this.release();
      },
    );
  }
}
