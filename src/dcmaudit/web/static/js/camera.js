/**
 * How the plane lies on the stage: scale and offset, in device pixels so that 1:1 is truly one to one, and how it is
 * turned. Inside it lies upright on an upright stage; that one is turned onto the screen pixel by pixel.
 */

import { fromUpright, isUpright, mirrored, movement, sizeOf, toUpright, turned, UPRIGHT } from "./orientation.js";
import { clamp } from "./rectangle.js";
import { fitScale, fitted, LARGEST, MARGIN } from "./scaling.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {import("./scaling.js").Size} Size */
/** Where somebody looks, to come back to. @typedef {{mode: string, scale: number, x: number, y: number, kept: boolean, orientation?: import("./orientation.js").Orientation}} Outlook */

const STEPS = 1.25;

/**
 * Where an edge of the plane lies after a movement: inside, where it was, and no further than the margin.
 * @param {number} at @param {number} by @param {number} plane  how long it is on the stage @param {number} stage
 */
function held(at, by, plane, stage) {
  if (plane <= stage) return at;
  return clamp(at + by, Math.min(at, stage - plane - MARGIN), Math.max(at, MARGIN));
}

export class Camera {
  constructor() {
    /** Size of the stage as it is on the screen, in device pixels. */
    this.screen = { width: 1, height: 1 };
    /** The same upright: width and height change places where the plane is turned by a quarter. */
    this.stage = { width: 1, height: 1 };
    /** Pixels of the plane. */
    this.plane = { width: 1, height: 1 };
    this.orientation = UPRIGHT;
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
    this.#keepingMiddle(() => (this.screen = { width, height }));
  }

  /** Turn the view; the plane stays what it is. @param {number} quarters  to the right */
  turn(quarters) {
    this.#keepingMiddle(() => (this.orientation = turned(this.orientation, quarters)));
  }

  /** Change left and right, as they are on the screen. */
  mirror() {
    this.#keepingMiddle(() => (this.orientation = mirrored(this.orientation)));
  }

  /** @param {() => void} change  of the screen, or of how it is turned */
  #keepingMiddle(change) {
    const [cx, cy] = this.#middle();
    change();
    this.stage = sizeOf(this.orientation, this.screen);
    if (this.mode === "fit") this.fit();
    else this.#centre(cx, cy);
  }

  /** The pixel of the plane in the middle of the stage. @returns {[number, number]} */
  #middle() {
    return this.toPlane(this.screen.width / 2, this.screen.height / 2);
  }

  /**
   * A plane: another one is fitted, for what lies outside of a zoomed stage is not seen. Where the zoom is kept by choice,
   * planes of one size in one file stay as they are. Another file is upright again.
   * @param {number} width
   * @param {number} height
   * @param {"same"|"plane"|"file"} change  what is another one than before
   */
  show(width, height, change) {
    const stays = width === this.plane.width && height === this.plane.height && (change === "same" || (change === "plane" && this.kept));
    this.plane = { width, height };
    if (change === "file" && !isUpright(this.orientation)) {
      this.orientation = UPRIGHT;
      this.stage = this.screen;
    }
    if (!stays || this.mode === "fit") this.fit();
  }

  /** Where the plane lies. @returns {import("./scaling.js").Place} */
  get lies() {
    return { scale: this.scale, x: this.x, y: this.y, stage: this.stage, orientation: this.orientation };
  }

  /** Where the next plane of the file will lie. @returns {import("./engine.js").Placing} */
  get placing() {
    const stays = this.kept && this.mode === "free";
    return { stage: this.stage, orientation: this.orientation, kept: stays ? { ...this.lies, ...this.plane } : null };
  }

  /** Where a plane of the file will lie. @param {Size} plane @returns {import("./scaling.js").Place} */
  next(plane) {
    const { kept, stage } = this.placing;
    return kept && kept.width === plane.width && kept.height === plane.height ? this.lies : fitted(stage, plane, this.orientation);
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

  /** Where the stage looks, to come back to. @returns {Outlook} */
  get place() {
    const [x, y] = this.#middle();
    return { mode: this.mode, scale: this.scale, x, y, kept: this.kept, orientation: this.orientation };
  }

  /** @param {Outlook} place */
  comeBack({ mode, scale, x, y, kept, orientation = UPRIGHT }) {
    this.kept = kept;
    this.orientation = orientation;
    this.stage = sizeOf(orientation, this.screen);
    this.fit();
    if (mode !== "free") return;
    this.mode = "free";
    this.scale = clamp(scale, Math.min(1, this.fitScale()) / 4, LARGEST);
    this.#centre(x, y);
  }

  actualSize() {
    const [cx, cy] = this.#middle();
    this.mode = "free";
    this.scale = 1;
    this.#centre(cx, cy);
  }

  /**
   * @param {number} steps  positive: larger
   * @param {number} [x]  the point of the stage that stays in place, its middle by default
   * @param {number} [y]
   */
  zoom(steps, x = this.screen.width / 2, y = this.screen.height / 2) {
    const [px, py] = this.toPlane(x, y);
    const smallest = Math.min(1, this.fitScale()) / 4;
    this.mode = "free";
    this.scale = clamp(this.scale * STEPS ** steps, smallest, LARGEST);
    // whole multiples are easier to read and draw crisp pixels
    if (Math.abs(this.scale - Math.round(this.scale)) < 0.06 && this.scale > 0.9) this.scale = Math.round(this.scale);
    const [ux, uy] = toUpright(this.orientation, x, y, this.stage);
    this.x = ux - px * this.scale;
    this.y = uy - py * this.scale;
    this.#hold();
  }

  /** @param {number} dx  on the screen @param {number} dy */
  pan(dx, dy) {
    const [ux, uy] = movement(this.orientation, dx, dy);
    this.mode = "free";
    this.x += ux;
    this.y += uy;
    this.#hold();
  }

  /**
   * Look at another part of the plane, no further than its edges.
   * @param {number} right  in parts of the stage as it is on the screen
   * @param {number} down
   * @returns {boolean} whether anything moved
   */
  look(right, down) {
    const { x, y, scale, plane, stage, screen } = this;
    // To see what lies on the right the plane moves to the left.
    const [ux, uy] = movement(this.orientation, -right * screen.width, -down * screen.height);
    this.x = Math.round(held(x, ux, plane.width * scale, stage.width));
    this.y = Math.round(held(y, uy, plane.height * scale, stage.height));
    const isMoved = this.x !== x || this.y !== y;
    if (isMoved) this.mode = "free";
    return isMoved;
  }

  /**
   * Bring a rectangle into sight, with as little movement as possible.
   * @param {Edges} box
   * @returns {boolean} whether anything moved
   */
  reveal(box) {
    const [x0, y0, x1, y1] = this.#edges(box);
    const { width, height } = this.screen;
    const dx = x0 < MARGIN ? MARGIN - x0 : x1 > width - MARGIN ? width - MARGIN - x1 : 0;
    const dy = y0 < MARGIN ? MARGIN - y0 : y1 > height - MARGIN ? height - MARGIN - y1 : 0;
    const isMoved = this.mode === "free" && (dx !== 0 || dy !== 0);
    if (isMoved) this.pan(dx, dy);
    return isMoved;
  }

  /** @param {number} x  on the screen's stage @param {number} y @returns {[number, number]} */
  toPlane(x, y) {
    const [ux, uy] = toUpright(this.orientation, x, y, this.stage);
    return [(ux - this.x) / this.scale, (uy - this.y) / this.scale];
  }

  /** @param {number} x @param {number} y @returns {[number, number]} on the screen's stage */
  toStage(x, y) {
    return fromUpright(this.orientation, x * this.scale + this.x, y * this.scale + this.y, this.stage);
  }

  /** A movement on the screen in pixels of the plane. @param {number} dx @param {number} dy @returns {[number, number]} */
  moves(dx, dy) {
    const [x, y] = movement(this.orientation, dx, dy);
    return [x / this.scale, y / this.scale];
  }

  /** A box of the plane on the screen's stage. @param {Edges} box @returns {Edges} */
  #edges([left, top, right, bottom]) {
    const [x0, y0] = this.toStage(left, top);
    const [x1, y1] = this.toStage(right, bottom);
    return [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
  }

  /** The device pixels that a box of the plane touches. @param {Edges} box @returns {Edges} */
  outer(box) {
    const [x0, y0, x1, y1] = this.#edges(box);
    return [Math.floor(x0), Math.floor(y0), Math.ceil(x1), Math.ceil(y1)];
  }

  /** A part of the screen's stage in pixels of the plane, also outside of it. @param {Edges} part @returns {Edges} */
  onPlane([left, top, right, bottom]) {
    const [x0, y0] = this.toPlane(left, top);
    const [x1, y1] = this.toPlane(right, bottom);
    return [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
  }

  /** How it is turned, in words; empty where it is upright. */
  get words() {
    const { quarters, mirrored: isMirrored } = this.orientation;
    return [["", "turned right", "upside down", "turned left"][quarters], isMirrored ? "mirrored" : ""].filter(Boolean).join(", ");
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
