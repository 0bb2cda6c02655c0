/** Long polling: a growing worklist, a finished search for stray bits, a server that has gone or come back. */

import { Refusal } from "./asking.js";
import { pause } from "./moments.js";
import { QUIET } from "./witness.js";

/** How often to see whether it is quiet. */
const LOOK = 25;

export class NewsWatch {
  /** @param {import("./scheduler.js").Scheduler} scheduler */
  constructor(scheduler) {
    this.scheduler = scheduler;
    /** @type {AbortController|null} */
    this.poll = null;
  }

  /** A command begins: its answer brings the news. */
  abort() {
    this.poll?.abort();
  }

  async run() {
    const { scheduler } = this;
    for (;;) {
      if (scheduler.over) return;
      if (scheduler.running || (!this.#expectsNews() && performance.now() - scheduler.lastAction < QUIET)) {
        await pause(LOOK);
        continue;
      }
      await this.#listen();
    }
  }

  /** Whether there is nothing to look at yet, and it is on its way: that is asked for without a pause. */
  #expectsNews() {
    const { state } = this.scheduler;
    return state !== null && (state.file ? state.file.opening : state.worklist.growing);
  }

  async #listen() {
    const { scheduler } = this;
    this.poll = new AbortController();
    const ask = scheduler.lost ? null : { after: scheduler.state?.revision ?? 0, wait: 20 };
    try {
      await scheduler.hear(await scheduler.parts.api.state(ask, this.poll.signal));
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      if (error instanceof Refusal && error.status >= 500) {
        await pause(2000);
        return;
      }
      scheduler.missed(error);
      await pause(1000);
    }
  }
}
