/** The handled rectangle between two answers of the server: dragged and nudged here, kept there. */

import { movement } from "./orientation.js";
import { cornerOf, dragged, keptInside, sameEdges } from "./rectangle.js";
import { settled } from "./dom.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {import("./types.js").ViewState} ViewState */

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

export class HandledRectangle {
  /**
   * @param {import("./stage.js").Stage} stage
   * @param {(box: Edges) => Promise<boolean>} send
   */
  constructor(stage, send) {
    this.stage = stage;
    this.send = send;
    /** @type {Edges|null} what the server has */
    this.kept = null;
    /** @type {Edges|null} what is ahead of it */
    this.local = null;
    this.unsent = false;
    this.later = settled(() => void this.flush(), 120);
    this.calm = settled(() => this.stage.update({ dragging: false }), 900);
  }

  /** @returns {Edges|null} */
  get box() {
    return this.local ?? this.kept;
  }

  /** @param {ViewState} state @param {boolean} otherPlane */
  take(state, otherPlane) {
    this.kept = state.handled?.box ?? null;
    if (otherPlane || (this.local && this.kept && sameEdges(this.local, this.kept))) this.local = null;
    if (otherPlane) this.unsent = false;
  }

  /** @param {Edges} box @param {boolean} done */
  drag(box, done) {
    this.local = box;
    this.unsent = true;
    this.stage.update({ handled: box, dragging: !done });
    if (done) void this.flush();
  }

  /** Put it somewhere else at once. @param {Edges} box */
  place(box) {
    const { width, height } = this.stage.camera.plane;
    this.local = keptInside(box, width, height);
    this.unsent = true;
    this.stage.camera.reveal(this.local);
    this.stage.update({ handled: this.local });
    this.stage.moved();
    void this.flush();
  }

  /**
   * An arrow key: one pixel, ten with Shift; with Ctrl the right and lower edge move.
   * @param {KeyboardEvent} event
   * @returns {boolean} whether it was one
   */
  nudge(event) {
    const arrow = ARROWS[event.key];
    const box = this.box;
    if (!arrow || !box || event.altKey || event.metaKey) return false;
    const step = event.shiftKey ? 10 : 1;
    const { camera } = this.stage;
    const { width, height } = camera.plane;
    // as it is on the screen, where the plane may be turned
    const [dx, dy] = movement(camera.orientation, arrow[0] * step, arrow[1] * step);
    this.local = dragged(box, event.ctrlKey ? cornerOf(camera.orientation) : "middle", dx, dy, width, height);
    this.unsent = true;
    this.stage.camera.reveal(this.local);
    this.stage.update({ handled: this.local, dragging: true });
    this.calm();
    this.later();
    return true;
  }

  /** Tell the server where it is; a mark that follows must find it there. */
  async flush() {
    if (!this.unsent || !this.local) return;
    const sent = this.local;
    this.unsent = false;
    const ok = await this.send(sent);
    if (!ok && this.local === sent) {
      this.local = null;
      this.stage.update({ handled: this.kept });
    }
  }
}
