/**
 * The stage: one canvas with the plane and its black rectangles, one above it with everything that is only drawn
 * for people. Both work in device pixels.
 */

import { blackOf } from "./areas.js";
import { Camera } from "./camera.js";
import { within } from "./dom.js";
import { MarkLayer, NOTHING } from "./marklayer.js";
import { PictureLayer } from "./picturelayer.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {import("./marklayer.js").Marks} Marks */
/** @typedef {import("./levels.js").Made} Made */
/** @typedef {import("./levels.js").View} View */

export class Stage {
  /** @param {HTMLElement} root  holds canvas.picture and canvas.marks */
  constructor(root) {
    this.root = root;
    this.camera = new Camera();
    this.picture = new PictureLayer(within(root, "canvas.picture", HTMLCanvasElement), this.camera);
    this.layer = new MarkLayer(within(root, "canvas.marks", HTMLCanvasElement), this.camera);
    /** The upper canvas, which the mouse is on. */
    this.marks = this.layer.canvas;
    /** @type {Made|null} */
    this.plane = null;
    this.shown = NOTHING;
    this.ratio = 1;
    /** Called after the camera has moved. */
    this.onmove = () => {};
    new ResizeObserver(() => this.#resized()).observe(root);
  }

  #resized() {
    if (!this.measure()) return;
    this.draw();
    this.onmove();
  }

  /**
   * Take the size that the page has given to the stage; nothing is drawn.
   * @returns {boolean} whether it is another one
   */
  measure() {
    const ratio = window.devicePixelRatio;
    const { left, top, right, bottom } = this.root.getBoundingClientRect();
    // as the browser snaps edges to device pixels: the canvas must not be a pixel larger or smaller, or it is scaled
    return this.#resize(Math.round(right * ratio) - Math.round(left * ratio), Math.round(bottom * ratio) - Math.round(top * ratio), ratio);
  }

  /**
   * @param {number} width  device pixels
   * @param {number} height
   * @param {number} ratio  device pixels a CSS pixel
   * @returns {boolean} whether anything changed: giving a canvas its size empties it
   */
  #resize(width, height, ratio) {
    const { canvas } = this.picture;
    if (!width || !height) return false;
    if (width === canvas.width && height === canvas.height && ratio === this.ratio) return false;
    this.ratio = ratio;
    this.layer.clear(ratio);
    for (const each of [canvas, this.marks]) {
      each.width = width;
      each.height = height;
    }
    this.camera.resize(width, height);
    return true;
  }

  /**
   * Put a plane on the stage, together with its number and title: nothing may wait in between.
   * @param {Made} plane
   * @param {Marks} marks
   * @param {"same"|"plane"|"file"} change  what is another one than before
   * @param {View} view
   */
  show(plane, marks, change, view) {
    this.plane = plane;
    this.shown = marks;
    this.picture.view = view;
    this.camera.show(plane.width, plane.height, change);
    this.draw();
  }

  /** Another window, or no longer one. @param {View} view @param {boolean} hasty  whether a hand is still moving it */
  look(view, hasty) {
    this.picture.view = view;
    this.picture.hasty = hasty;
    this.#drawPicture();
  }

  /** Nothing to see: a card or the start page is in front. */
  clear() {
    this.plane = null;
    this.shown = NOTHING;
    this.draw();
  }

  /** @param {Partial<Marks>} change */
  update(change) {
    this.shown = { ...this.shown, ...change };
    if ("rects" in change || "redacted" in change || "bare" in change) this.#drawPicture();
    this.#drawMarks();
  }

  draw() {
    this.#drawPicture();
    this.#drawMarks();
  }

  /** After zoom or pan. */
  moved() {
    this.draw();
    this.onmove();
  }

  /** How the plane is looked at. */
  get view() {
    return this.picture.view;
  }

  /** Where a box of the plane is on the page, in CSS pixels. @param {Edges} box @returns {Edges} */
  onPage(box) {
    const area = this.marks.getBoundingClientRect();
    const [x0, y0, x1, y1] = this.camera.outer(box);
    return [area.left + x0 / this.ratio, area.top + y0 / this.ratio, area.left + x1 / this.ratio, area.top + y1 / this.ratio];
  }

  /** Zoom as people know it: image pixels against device pixels. */
  get percent() {
    return this.camera.scale * 100;
  }

  /** Whether every pixel on the stage is what the plane has there, and not a quick guess at it. */
  get isExact() {
    return this.plane !== null && this.picture.plane === this.plane && this.picture.isExact;
  }

  #drawPicture() {
    const { redacted, bare, rects } = this.shown;
    this.picture.plane = this.plane;
    this.picture.black = redacted && !bare ? rects.filter(({ applied }) => applied).flatMap(blackOf) : [];
    this.picture.draw();
  }

  #drawMarks() {
    this.layer.draw(this.plane, this.shown);
  }
}
