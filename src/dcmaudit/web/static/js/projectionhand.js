/** The hand on a projection: a cross that keys move, and rectangles that they or the mouse draw. */

import { make } from "./dom.js";
import { between, pixelOf } from "./imageplace.js";
import { clamp } from "./rectangle.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {import("./imageplace.js").Point} Point */

/**
 * @typedef {object} HandHost
 * @property {HTMLElement} root  what has the keyboard
 * @property {HTMLImageElement} image
 * @property {() => boolean} canMark
 * @property {() => void} draw  something lies elsewhere now
 * @property {(at: Point|null) => void} name  say which plane made a pixel; null for none
 * @property {(at: Point) => void} go  go to that plane
 * @property {(box: Edges) => void} mark
 */

/** An arrow key moves the cross by this part of the picture; with Shift by one pixel. */
const STEP = 1 / 40;

/** CSS pixels that the mouse moves before it draws. */
const DRAWS = 3;

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

export class ProjectionHand {
  /** @param {HandHost} host */
  constructor(host) {
    this.host = host;
    this.cross = make("span", "cross");
    this.frame = make("span", "drawn");
    this.cross.hidden = this.frame.hidden = true;
    /** @type {Point|null} where the cross is */
    this.point = null;
    /** @type {Point|null} where a rectangle begins */
    this.anchor = null;
    /** @type {{pointer: number, at: [number, number], from: Point, drew: boolean}|null} */
    this.drag = null;
    const { root } = host;
    root.addEventListener("click", (event) => this.#click(event));
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("pointermove", (event) => this.#move(event));
    root.addEventListener("pointercancel", () => this.#dropDrag());
    root.addEventListener("pointerup", (event) => this.#up(event));
    root.addEventListener("pointerleave", () => host.name(null));
  }

  get #isThere() {
    return this.host.image.naturalWidth > 0;
  }

  /** What keys do now, for whoever does not see it. */
  tell() {
    const where = this.point ? `Cross at ${this.point[0]}, ${this.point[1]}. ` : "";
    const draws = this.host.canMark() ? ", Space draws a rectangle" : "";
    const what = this.anchor ? "Arrow keys stretch the rectangle, Enter marks it on all planes, Escape drops it" : `Arrow keys move the cross, Enter goes to the plane that shows there${draws}`;
    this.host.root.setAttribute("aria-label", where + what);
  }

  /** Put the cross and the rectangle where they belong. @param {(box: Edges) => Edges} toPage  from pixels of the picture to those of the page beside its root */
  draw(toPage) {
    const { frame, cross, anchor, point } = this;
    frame.hidden = !anchor || !point;
    if (anchor && point) {
      const [left, top, right, bottom] = toPage(between(anchor, point));
      Object.assign(frame.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
    }
    cross.hidden = !point || this.drag !== null;
    if (!point) return;
    const [left, top] = toPage([point[0] + 0.5, point[1] + 0.5, point[0] + 1, point[1] + 1]);
    Object.assign(cross.style, { left: `${left}px`, top: `${top}px` });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !this.#isThere) return;
    const { host } = this;
    const arrow = ARROWS[event.key];
    const { naturalWidth: width, naturalHeight: height } = host.image;
    const [x, y] = this.point ?? [Math.floor(width / 2), Math.floor(height / 2)];
    if (event.key === " ") {
      if (event.repeat || !host.canMark()) return event.preventDefault();
      this.point = [x, y];
      this.anchor = this.anchor ? null : [x, y];
    } else if (event.key === "Escape" && this.anchor) this.anchor = null;
    else if (event.key === "Enter" && this.anchor && this.point) this.#mark(between(this.anchor, this.point));
    else if (arrow) {
      const step = event.shiftKey ? 1 : Math.max(1, Math.round(Math.max(width, height) * STEP));
      this.point = [clamp(x + arrow[0] * step, 0, width - 1), clamp(y + arrow[1] * step, 0, height - 1)];
      host.name(this.point);
    } else return;
    event.preventDefault();
    event.stopPropagation();
    host.draw();
    this.tell();
  }

  /** @param {Edges} box */
  #mark(box) {
    this.anchor = null;
    this.host.mark(box);
  }

  // The mouse

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0 || !this.#isThere) return;
    const { root, image } = this.host;
    this.drag = { pointer: event.pointerId, at: [event.clientX, event.clientY], from: pixelOf(image, event).at, drew: false };
    root.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#isThere) return;
    const { at, isInside } = pixelOf(this.host.image, event);
    const { drag } = this;
    if (!drag) return this.host.name(isInside ? at : null);
    drag.drew ||= this.host.canMark() && Math.hypot(event.clientX - drag.at[0], event.clientY - drag.at[1]) >= DRAWS;
    if (!drag.drew) return;
    [this.anchor, this.point] = [drag.from, at];
    this.host.draw();
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const { drag } = this;
    if (!drag?.drew || drag.pointer !== event.pointerId) return;
    this.#mark(between(drag.from, pixelOf(this.host.image, event).at));
  }

  #dropDrag() {
    this.drag = this.anchor = this.point = null;
    this.host.draw();
  }

  /** A click, or Enter or Space at the cross: the end of a drag is no click. @param {MouseEvent} event */
  #click(event) {
    const { drag, host } = this;
    this.drag = null;
    if (!this.#isThere) return;
    if (drag?.drew) {
      this.point = null;
      host.draw();
      return;
    }
    const isKey = event.detail === 0;
    const middle = /** @type {Point} */ ([Math.floor(host.image.naturalWidth / 2), Math.floor(host.image.naturalHeight / 2)]);
    host.go(isKey ? (this.point ?? middle) : pixelOf(host.image, event).at);
  }
}
