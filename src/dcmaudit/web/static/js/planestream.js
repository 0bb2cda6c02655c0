/** The planes of a held key in the order in which they come. */

/** @typedef {import("./levels.js").Made} Made */
/** @typedef {import("./engine.js").Answer} Answer */

export class PlaneStream {
  /** @param {() => void} more @param {() => void} abort @param {(made: Made) => void} free */
  constructor(more, abort, free) {
    this.more = more;
    this.abort = abort;
    this.free = free;
    /** @type {Answer[]} */
    this.waiting = [];
    /** @type {((answer: Answer) => void)|null} */
    this.wanted = null;
    this.isOver = false;
  }

  /** @param {Answer} answer */
  take(answer) {
    const { wanted } = this;
    this.wanted = null;
    if (wanted) wanted(answer);
    else this.waiting.push(answer);
  }

  /** The next plane; null where they end, or where nobody waits any more. @returns {Promise<Made|null>} */
  async next() {
    if (this.isOver) return null;
    /** @type {Answer} */
    const answer = this.waiting.shift() ?? (await new Promise((resolve) => (this.wanted = resolve)));
    const { made } = answer;
    if (!made) this.isOver = true;
    else if (!this.isOver) this.more();
    return made ?? null;
  }

  /** Nobody wants more. */
  stop() {
    const was = this.isOver;
    this.isOver = true;
    for (const { made } of this.waiting.splice(0)) if (made) this.free(made);
    this.wanted?.({ id: 0, end: true });
    this.wanted = null;
    if (!was) this.abort();
  }
}
