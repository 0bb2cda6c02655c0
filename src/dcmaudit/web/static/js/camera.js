/** How the plane lies on the stage: scale and offset, in device pixels so that 1:1 is truly one to one. */

import { clamp } from "./rectangle.js";
import { fitScale, fitted, LARGEST, MARGIN } from "./scaling.js";

const STEPS = 1.25;

export class Camera {
  constructor() {
    /** Size of the stage and of the plane, in device pixels and image pixels. */
    this.stage = { width: 1, height: 1 };
    this.plane = { width: 1, height: 1 };
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    /** @type {"fit"|"free"} a fitted plane stays fitted when the window or the plane changes */
    this.mode = "fit";
    /** Whether the zoom stays when another plane of the same file is shown: only because somebody chose that. */
    this.kept = false;
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    const [cx, cy] = this.toPlane(this.stage.width / 2, this.stage.height / 2);
    this.stage = { width, height };
    if (this.mode === "fit") this.fit();
    else this.#centre(cx, cy);
  }

  /**
   * A plane: another one is fitted, for what lies outside of a zoomed stage is not seen. Where the zoom is kept by choice,
   * planes of one size in one file stay as they are.
   * @param {number} width
   * @param {number} height
   * @param {"same"|"plane"|"file"} change  what is another one than before
   */
  show(width, height, change) {
    const stays = width === this.plane.width && height === this.plane.height && (change === "same" || (change === "plane" && this.kept));
    this.plane = { width, height };
    if (!stays || this.mode === "fit") this.fit();
  }

  /** Where the plane lies. @returns {import("./scaling.js").Place} */
  get lies() {
    return { scale: this.scale, x: this.x, y: this.y, stage: this.stage };
  }

  /** Where the next plane of the file will lie. @returns {import("./engine.js").Placing} */
  get placing() {
    const stays = this.kept && this.mode === "free";
    return { stage: this.stage, kept: stays ? { ...this.lies, ...this.plane } : null };
  }

  /** Where a plane of the file will lie. @param {import("./scaling.js").Size} plane @returns {import("./scaling.js").Place} */
  next(plane) {
    const { kept, stage } = this.placing;
    return kept && kept.width === plane.width && kept.height === plane.height ? this.lies : fitted(stage, plane);
  }

  /** Whether the whole plane is on the stage. */
  get showsAll() {
    const { x, y, scale, plane, stage } = this;
    return x >= 0 && y >= 0 && x + plane.width * scale <= stage.width && y + plane.height * scale <= stage.height;
  }

  fitScale() {
    return fitScale(this.stage, this.plane);
  }

  fit() {
    this.mode = "fit";
    ({ scale: this.scale, x: this.x, y: this.y } = fitted(this.stage, this.plane));
  }

  /** Where the stage looks, to come back to. */
  get place() {
    const [x, y] = this.toPlane(this.stage.width / 2, this.stage.height / 2);
    return { mode: this.mode, scale: this.scale, x, y, kept: this.kept };
  }

  /** @param {{mode: string, scale: number, x: number, y: number, kept: boolean}} place */
  comeBack({ mode, scale, x, y, kept }) {
    this.kept = kept;
    if (mode !== "free") return;
    this.mode = "free";
    this.scale = clamp(scale, Math.min(1, this.fitScale()) / 4, LARGEST);
    this.#centre(x, y);
  }

  actualSize() {
    const [cx, cy] = this.toPlane(this.stage.width / 2, this.stage.height / 2);
    this.mode = "free";
    this.scale = 1;
    this.#centre(cx, cy);
  }

  /**
   * @param {number} steps  positive: larger
   * @param {number} [x]  the point of the stage that stays in place, its middle by default
   * @param {number} [y]
   */
  zoom(steps, x = this.stage.width / 2, y = this.stage.height / 2) {
    const [px, py] = this.toPlane(x, y);
    const smallest = Math.min(1, this.fitScale()) / 4;
    this.mode = "free";
    this.scale = clamp(this.scale * STEPS ** steps, smallest, LARGEST);
    // whole multiples are easier to read and draw crisp pixels
    if (Math.abs(this.scale - Math.round(this.scale)) < 0.06 && this.scale > 0.9) this.scale = Math.round(this.scale);
    this.x = x - px * this.scale;
    this.y = y - py * this.scale;
    this.#hold();
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.mode = "free";
    this.x += dx;
    this.y += dy;
    this.#hold();
  }

  /**
   * Bring a rectangle into sight, with as little movement as possible.
   * @param {import("./types.js").Edges} box
   */
  reveal([left, top, right, bottom]) {
    const [x0, y0] = this.toStage(left, top);
    const [x1, y1] = this.toStage(right, bottom);
    const dx = x0 < MARGIN ? MARGIN - x0 : x1 > this.stage.width - MARGIN ? this.stage.width - MARGIN - x1 : 0;
    const dy = y0 < MARGIN ? MARGIN - y0 : y1 > this.stage.height - MARGIN ? this.stage.height - MARGIN - y1 : 0;
    if (this.mode === "free" && (dx || dy)) this.pan(dx, dy);
  }

  /** @param {number} x @param {number} y @returns {[number, number]} */
  toPlane(x, y) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  /** @param {number} x @param {number} y @returns {[number, number]} */
  toStage(x, y) {
    return [x * this.scale + this.x, y * this.scale + this.y];
  }

  /** The device pixels that a box of the plane touches. @param {import("./types.js").Edges} box @returns {import("./types.js").Edges} */
  outer([left, top, right, bottom]) {
    const [x0, y0] = this.toStage(left, top);
    const [x1, y1] = this.toStage(right, bottom);
    return [Math.floor(x0), Math.floor(y0), Math.ceil(x1), Math.ceil(y1)];
  }

  /** @param {number} px @param {number} py */
  #centre(px, py) {
    this.x = Math.round(this.stage.width / 2 - px * this.scale);
    this.y = Math.round(this.stage.height / 2 - py * this.scale);
    if (this.mode === "free") this.#hold();
  }

  /** A part of the plane always stays in sight. */
  #hold() {
    const keep = 48;
    this.x = Math.round(clamp(this.x, keep - this.plane.width * this.scale, this.stage.width - keep));
    this.y = Math.round(clamp(this.y, keep - this.plane.height * this.scale, this.stage.height - keep));
  }
}
