/** The mouse on the stage: the handled rectangle, suggestions, zoom and pan. */

import { holds } from "./areas.js";
import { isAcross } from "./orientation.js";
import { clamp, dragged, drawn, handlePoints, HANDLES } from "./rectangle.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {import("./rectangle.js").Handle} Handle */

const CURSORS = /** @type {Record<string, string>} */ ({
  nw: "nwse-resize", se: "nwse-resize", ne: "nesw-resize", sw: "nesw-resize",
  n: "ns-resize", s: "ns-resize", e: "ew-resize", w: "ew-resize", middle: "move", new: "crosshair", pan: "grabbing", window: "all-scroll", area: "cell",
});

/** Pixels of scrolling that make a step. */
const NOTCH = 60;

/**
 * What the pointer needs from the page.
 * @typedef {object} Host
 * @property {() => Edges|null} handled
 * @property {() => boolean} mayMark  false in viewer mode and while the server is lost
 * @property {(box: Edges, done: boolean) => void} dragTo
 * @property {(id: string|number) => void} apply
 * @property {(id: string|number|null, x: number, y: number) => void} hover
 * @property {() => boolean} mayWindow  whether the plane has values that a window can be set on
 * @property {(dx: number, dy: number, done: boolean) => void} window  how far the hand has moved since it began, in CSS pixels
 * @property {(box: Edges, done: boolean) => void} windowOf  set a window to what is in a part of the plane, once that is done
 * @property {() => boolean} resetWindow  whether there was one
 * @property {(steps: 1|-1) => void} step  to the next plane or the one before
 * @property {() => boolean} wheelZooms
 * @property {(at: [number, number]|null) => void} value  tell what is under the cursor, at a pixel of the plane
 */

export class Pointer {
  /**
   * @param {import("./stage.js").Stage} stage
   * @param {Host} host
   */
  constructor(stage, host) {
    this.stage = stage;
    this.host = host;
    this.space = false;
    /** @type {Edges|null} the rectangle before the drag */
    this.before = null;
    /** @type {{pointer: number, kind: Handle|"new"|"pan"|"window"|"area", x: number, y: number, last: [number, number], begun: boolean}|null} */
    this.drag = null;
    /** @type {[number, number]|null} where the cursor is on the stage */
    this.last = null;
    /** What the wheel has turned since the last step, in pixels of scrolling. */
    this.turned = 0;
    const canvas = stage.marks;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event, true));
    canvas.addEventListener("pointercancel", (event) => this.#up(event, false));
    canvas.addEventListener("pointerleave", () => {
      this.host.hover(null, 0, 0);
      this.last = null;
      this.host.value(null);
    });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("dblclick", () => {
      if (this.host.resetWindow()) return;
      if (this.stage.camera.mode === "free") this.stage.camera.fit();
      this.stage.moved();
    });
  }

  /** Where one looks, in device pixels of the stage: under the cursor, else at the handled rectangle. @returns {[number, number]} */
  place() {
    const { camera } = this.stage;
    const box = this.host.handled();
    if (this.last) return this.last;
    return box ? camera.toStage((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) : [camera.screen.width / 2, camera.screen.height / 2];
  }

  /** @param {MouseEvent} event @returns {[number, number]} device pixels of the stage */
  #at(event) {
    const area = this.stage.marks.getBoundingClientRect();
    return [(event.clientX - area.left) * this.stage.ratio, (event.clientY - area.top) * this.stage.ratio];
  }

  /**
   * What lies under a point of the stage: a handle, the middle, or the bare plane.
   * @param {number} x
   * @param {number} y
   * @returns {Handle|"new"}
   */
  hit(x, y) {
    const box = this.host.handled();
    if (!box) return "new";
    const { camera, ratio } = this.stage;
    const reach = 9 * ratio;
    const points = handlePoints(box);
    for (const handle of HANDLES) {
      const [px, py] = camera.toStage(...points[handle]);
      if (Math.abs(px - x) <= reach && Math.abs(py - y) <= reach) return handle;
    }
    const [px, py] = camera.toPlane(x, y);
    return px >= box[0] && px < box[2] && py >= box[1] && py < box[3] ? "middle" : "new";
  }

  /**
   * The rectangle under a point, suggestions and small ones first.
   * @param {number} x
   * @param {number} y
   */
  rectAt(x, y) {
    const [px, py] = this.stage.camera.toPlane(x, y);
    /** @param {import("./types.js").DrawnRect} rect */
    const area = ({ box }) => (box[2] - box[0]) * (box[3] - box[1]);
    return this.stage.shown.rects
      .filter((rect) => holds(rect, px, py))
      .sort((a, b) => Number(a.stored) - Number(b.stored) || area(a) - area(b))[0];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.stage.plane || this.drag) return;
    const [x, y] = this.#at(event);
    const pan = event.button === 1 || (event.button === 0 && this.space);
    const right = event.button === 2;
    const isArea = event.button === 0 && !this.space && (event.ctrlKey || event.metaKey);
    if (!pan && !right && !isArea && (event.button !== 0 || !this.host.mayMark())) return;
    event.preventDefault();
    this.stage.root.focus({ preventScroll: true });
    this.stage.marks.setPointerCapture(event.pointerId);
    const kind = pan ? "pan" : right ? "window" : isArea ? "area" : this.hit(x, y);
    this.before = this.host.handled();
    this.drag = { pointer: event.pointerId, kind, x, y, last: [x, y], begun: false };
    this.host.hover(null, 0, 0);
    this.#style(kind);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const [x, y] = this.#at(event);
    const [px, py] = this.stage.camera.toPlane(x, y);
    this.last = [x, y];
    this.host.value([Math.floor(px), Math.floor(py)]);
    if (!this.drag) {
      this.#style(this.space ? "pan" : this.stage.plane && this.host.mayMark() ? this.hit(x, y) : "none");
      this.host.hover(this.stage.plane ? (this.rectAt(x, y)?.id ?? null) : null, event.clientX, event.clientY);
      return;
    }
    if (this.drag.kind === "pan") {
      const [lx, ly] = this.drag.last;
      this.stage.camera.pan(x - lx, y - ly);
      this.drag.last = [x, y];
      this.stage.moved();
      return;
    }
    // a click is not a drag: a hand that trembles must not replace the rectangle
    if (!this.drag.begun && Math.hypot(x - this.drag.x, y - this.drag.y) < 3 * this.stage.ratio) return;
    this.drag.begun = true;
    if (this.drag.kind === "window") this.#window(x, y, false);
    else if (this.drag.kind === "area") this.#area(x, y, false);
    else this.#report(x, y, false);
  }

  /** Give up a drag: the rectangle goes back to where it was. */
  cancel() {
    const { before, drag } = this;
    this.drag = null;
    if (drag?.kind === "window") this.host.resetWindow();
    else if (drag?.kind === "area") this.stage.update({ band: null });
    else if (before && drag?.kind !== "pan") this.host.dragTo(before, true);
  }

  /** @param {PointerEvent} event @param {boolean} finished */
  #up(event, finished) {
    const drag = this.drag;
    if (!drag || event.pointerId !== drag.pointer) return;
    const [x, y] = this.#at(event);
    if (!finished) this.cancel();
    else if (drag.kind === "window") drag.begun ? this.#window(x, y, true) : this.#apply(x, y);
    else if (drag.kind === "area") drag.begun && this.#area(x, y, true);
    else if (drag.begun) this.#report(x, y, true);
    this.drag = null;
    this.#style(this.hit(x, y));
  }

  /** @param {number} x @param {number} y @param {boolean} done */
  #report(x, y, done) {
    if (!this.drag || this.drag.kind === "pan" || this.drag.kind === "window" || this.drag.kind === "area") return;
    const { camera } = this.stage;
    const { width, height } = camera.plane;
    const { kind } = this.drag;
    if (kind === "new" || !this.before) {
      const start = camera.toPlane(this.drag.x, this.drag.y);
      this.host.dragTo(drawn(start, camera.toPlane(x, y), width, height), done);
      return;
    }
    const [dx, dy] = camera.moves(x - this.drag.x, y - this.drag.y).map(Math.round);
    const box = dragged(this.before, kind, dx ?? 0, dy ?? 0, width, height);
    this.host.dragTo(box, done);
  }

  /** A right click that did not move: take the suggestion under it. @param {number} x @param {number} y */
  #apply(x, y) {
    const rect = this.stage.plane ? this.rectAt(x, y) : undefined;
    if (rect && !rect.stored && this.host.mayMark()) this.host.apply(rect.id);
  }

  /** @param {number} x @param {number} y @param {boolean} done */
  #window(x, y, done) {
    if (!this.drag || !this.host.mayWindow()) return;
    const { ratio } = this.stage;
    this.host.window((x - this.drag.x) / ratio, (y - this.drag.y) / ratio, done);
  }

  /** @param {number} x @param {number} y @param {boolean} done */
  #area(x, y, done) {
    if (!this.drag) return;
    const { camera } = this.stage;
    const { width, height } = camera.plane;
    this.host.windowOf(drawn(camera.toPlane(this.drag.x, this.drag.y), camera.toPlane(x, y), width, height), done);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    if (!this.stage.plane) return;
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 33 : event.deltaY;
    if (this.host.wheelZooms() === event.ctrlKey) {
      this.#turn(lines);
      return;
    }
    const [x, y] = this.#at(event);
    this.stage.camera.zoom(clamp(-lines / 100, -3, 3), x, y);
    this.stage.moved();
  }

  /** A notch of the wheel is a plane; a touch pad sends many small turns for one. @param {number} pixels */
  #turn(pixels) {
    if (pixels * this.turned < 0) this.turned = 0;
    this.turned += pixels;
    if (Math.abs(this.turned) < NOTCH) return;
    this.host.step(this.turned > 0 ? 1 : -1);
    this.turned = 0;
  }

  /** @param {string} kind */
  #style(kind) {
    this.stage.marks.style.cursor = cursorOf(CURSORS[kind] ?? "default", this.stage.camera.orientation);
  }
}

/**
 * The cursor of a handle as it lies on the screen.
 * @param {string} cursor
 * @param {import("./orientation.js").Orientation} orientation
 */
function cursorOf(cursor, orientation) {
  const slanted = ["nwse-resize", "nesw-resize"];
  const straight = ["ns-resize", "ew-resize"];
  if (slanted.includes(cursor) && isAcross(orientation) !== orientation.mirrored) return /** @type {string} */ (slanted.find((other) => other !== cursor));
  if (straight.includes(cursor) && isAcross(orientation)) return /** @type {string} */ (straight.find((other) => other !== cursor));
  return cursor;
}
