/**
 * The plane on its canvas, and what is black on it. Pixels are those of the view exactly, or, while a hand moves them, a
 * quick guess that says so.
 */

import { context } from "./canvas.js";
import { signatureOf, tablesOf } from "./levels.js";
import { GROUND } from "./scaling.js";
import { areaOnStage, paintPlane } from "./painting.js";
import { cost } from "./shrink.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {import("./levels.js").Made} Made */
/** @typedef {import("./levels.js").View} View */
/** What the canvas holds. @typedef {{plane: Made, signature: string, isExact: boolean, image: ImageData, left: number, top: number}} Drawn */

/** Milliseconds until pixels that are off the screen are given back: longer than a frame. */
const LATER = 20;
/** Milliseconds after which a picture that did not change stands still. */
const STILL = 90;
/** Pixels of a plane that are shrunk exactly between two frames; more of them are left to the worker. */
const AT_ONCE = 1_400_000;
/** @type {View} */
const PLAIN = { rendering: "full", inverted: false, window: null };

export class PictureLayer {
  /** @param {HTMLCanvasElement} canvas @param {import("./camera.js").Camera} camera */
  constructor(canvas, camera) {
    this.canvas = canvas;
    this.camera = camera;
    this.lower = context(canvas, false);
    /** @type {Made|null} */
    this.plane = null;
    this.view = PLAIN;
    /** @type {Edges[]} what is painted black, in pixels of the plane */
    this.black = [];
    /** @type {Drawn|null} */
    this.drawn = null;
    /** Where the ground is as it must be around the plane; empty where it is not known. */
    this.around = "";
    /** Whether a hand is changing the picture: it is painted quickly, and exactly once the hand rests. */
    this.hasty = false;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.refining = undefined;
    /** Called when the picture is exact that was painted quickly before. */
    this.onexact = () => {};
    /** Makes exact pixels beside the page. @type {(plane: Made, view: View, place: import("./scaling.js").Place) => Promise<import("./levels.js").Composed|undefined>} */
    this.refine = () => Promise.resolve(undefined);
    /** Takes pixels that are no longer needed. @type {(pixels: ArrayBuffer) => void} */
    this.recycle = () => {};
  }

  /** Whether every pixel is what the plane has there, and not a quick guess at it. */
  get isExact() {
    return this.plane !== null && this.drawn?.isExact === true && this.drawn.plane === this.plane;
  }

  /**
   * Pixels that came along, or were made before, are put as they are. Others are made here: exactly where that takes no
   * longer than a frame, else quickly, and exactly by the worker as soon as the picture stands still.
   */
  draw() {
    const { lower, plane } = this;
    clearTimeout(this.refining);
    const drawn = plane ? this.#pixels(plane) : null;
    this.#ground(drawn);
    if (drawn) lower.putImageData(drawn.image, drawn.left, drawn.top);
    if (plane) blacken(lower, this.camera, this.black);
  }

  /**
   * The ground around the plane, where it is not there already: behind planes of one size it stays as it is.
   * @param {Drawn|null} drawn
   */
  #ground(drawn) {
    const { width, height } = this.canvas;
    const around = drawn && !this.black.length ? [width, height, drawn.left, drawn.top, drawn.image.width, drawn.image.height].join() : "";
    if (around !== "" && around === this.around) return;
    this.around = around;
    this.lower.setTransform(1, 0, 0, 1, 0, 0);
    this.lower.fillStyle = GROUND;
    this.lower.fillRect(0, 0, width, height);
  }

  /** @param {Made} plane @returns {Drawn|null} */
  #pixels(plane) {
    const place = this.camera.lies;
    const signature = signatureOf(place, this.view);
    const { composed } = plane;
    if (composed?.signature === signature) {
      plane.composed = null;
      this.#adopt(plane, composed);
    } else if (this.drawn?.plane !== plane || this.drawn.signature !== signature || (!this.drawn.isExact && !this.hasty)) {
      this.#compose(plane, place, signature);
    }
    if (this.drawn && !this.drawn.isExact && !this.hasty) this.refining = setTimeout(() => void this.#refine(plane, place, signature), STILL);
    return this.drawn;
  }

  /** @param {Made} plane @param {import("./levels.js").Composed} composed */
  #adopt(plane, { pixels, area, signature }) {
    const { drawn } = this;
    const image = area.width && area.height ? new ImageData(new Uint8ClampedArray(pixels), area.width, area.height) : new ImageData(1, 1);
    this.drawn = { plane, signature, isExact: true, image, left: area.left, top: area.top };
    // later, for it is no part of what the next frame shows
    if (drawn) setTimeout(() => this.recycle(/** @type {ArrayBuffer} */ (drawn.image.data.buffer)), LATER);
  }

  /** @param {Made} plane @param {import("./scaling.js").Place} place @param {string} signature */
  #compose(plane, place, signature) {
    const area = areaOnStage(place, plane);
    const { cells } = plane;
    if (!area.width || !area.height || !cells) {
      this.drawn = null;
      return;
    }
    const isExact = place.scale >= 1 || (!this.hasty && cost(place, area) <= AT_ONCE);
    let image = this.drawn?.image;
    if (image?.width !== area.width || image.height !== area.height) image = new ImageData(area.width, area.height);
    paintPlane({ ...plane, cells }, tablesOf(plane, this.view), place, new Uint32Array(image.data.buffer), !isExact);
    this.drawn = { plane, signature, isExact, image, left: area.left, top: area.top };
  }

  /** @param {Made} plane @param {import("./scaling.js").Place} place @param {string} signature */
  async #refine(plane, place, signature) {
    const composed = await this.refine(plane, this.view, place).catch(() => undefined);
    const isWanted = composed && this.plane === plane && composed.signature === signature && signatureOf(this.camera.lies, this.view) === signature;
    if (!composed || !isWanted) return;
    this.#adopt(plane, composed);
    this.draw();
    this.onexact();
  }
}

/** Black over every device pixel that the boxes touch. @param {CanvasRenderingContext2D} lower @param {import("./camera.js").Camera} camera @param {Edges[]} boxes */
export function blacken(lower, camera, boxes) {
  lower.fillStyle = "#000";
  for (const box of boxes) {
    const [x0, y0, x1, y1] = camera.outer(box);
    lower.fillRect(x0, y0, x1 - x0, y1 - y0);
  }
}
