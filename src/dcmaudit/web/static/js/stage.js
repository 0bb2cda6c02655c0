/**
 * The stage: one canvas with the plane and its black rectangles, one above it with everything that is only drawn
 * for people. Both work in device pixels.
 */

import { Camera } from "./camera.js";
import { within } from "./dom.js";
import { signatureOf, tablesOf } from "./levels.js";
import { GROUND } from "./scaling.js";
import { handlePoints, HANDLES } from "./rectangle.js";
import { compose, cost, covered } from "./shrink.js";
import { ACCENT, FAINT, PREVIEW, sourceOf } from "./sources.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {import("./types.js").DrawnRect} DrawnRect */

/**
 * What the upper canvas shows.
 * @typedef {object} Marks
 * @property {DrawnRect[]} rects
 * @property {Edges|null} cursor
 * @property {boolean} redacted
 * @property {string|number|null} lit  the rectangle under the mouse or the list's focus
 * @property {boolean} dragging
 * @property {boolean} [bare]  every rectangle is hidden while a key is held down
 */

/** @typedef {import("./levels.js").Made} Made */
/** @typedef {import("./levels.js").View} View */
/** What the lower canvas holds. @typedef {{plane: Made, signature: string, isExact: boolean, image: ImageData, left: number, top: number}} Drawn */

/** What a small picture says of itself. */
export const SMALL = "small picture while the key is held: fine text is lost, it does not count as seen";
/** Milliseconds after which a picture that did not change stands still. */
const STILL = 90;
/** Pixels of a plane that are shrunk exactly between two frames; more of them are left to the worker. */
const AT_ONCE = 1_400_000;
/** @type {View} */
const PLAIN = { rendering: "full", inverted: false, window: null };

/** CSS pixels between two lines of the hatching that marks a preview. */
const HATCH = 12;
/** @param {number} ratio */
const LABEL = (ratio) => `600 ${12 * ratio}px system-ui, sans-serif`;

/** @type {Marks} */
const NOTHING = { rects: [], cursor: null, redacted: true, lit: null, dragging: false };

export class Stage {
  /** @param {HTMLElement} root  holds canvas.picture and canvas.marks */
  constructor(root) {
    this.root = root;
    this.camera = new Camera();
    this.picture = within(root, "canvas.picture", HTMLCanvasElement);
    this.marks = within(root, "canvas.marks", HTMLCanvasElement);
    this.lower = context(this.picture, false);
    this.upper = context(this.marks, true);
    /** What the upper canvas holds; drawing the same again would only cost time. */
    this.drawnMarks = "";
    /** @type {Made|null} */
    this.plane = null;
    this.view = PLAIN;
    /** @type {Drawn|null} */
    this.drawn = null;
    /** Whether a hand is changing the picture: it is painted quickly, and exactly once the hand rests. */
    this.hasty = false;
    this.shown = NOTHING;
    this.ratio = 1;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.refining = undefined;
    /** Called after the camera has moved. */
    this.onmove = () => {};
    /** Called when the picture is exact that was painted quickly before. */
    this.onexact = () => {};
    /** Makes exact pixels beside the page. @type {(plane: Made, view: View, place: import("./scaling.js").Place) => Promise<import("./levels.js").Composed|undefined>} */
    this.refine = () => Promise.resolve(undefined);
    /** Takes pixels that are no longer needed. @type {(pixels: ArrayBuffer) => void} */
    this.recycle = () => {};
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
    if (!width || !height) return false;
    if (width === this.picture.width && height === this.picture.height && ratio === this.ratio) return false;
    this.ratio = ratio;
    this.drawnMarks = "";
    for (const canvas of [this.picture, this.marks]) {
      canvas.width = width;
      canvas.height = height;
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
    this.view = view;
    this.camera.show(plane.width, plane.height, change);
    this.#drawPicture();
    this.#drawMarks();
  }

  /** Another window, or no longer one. @param {View} view @param {boolean} hasty  whether a hand is still moving it */
  look(view, hasty) {
    this.view = view;
    this.hasty = hasty;
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
    const before = this.shown;
    this.shown = { ...before, ...change };
    const black = "rects" in change || "redacted" in change || "bare" in change;
    if (black) this.#drawPicture();
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

  /** Where a box of the plane is on the page, in CSS pixels. @param {Edges} box @returns {Edges} */
  onPage(box) {
    const area = this.marks.getBoundingClientRect();
    const [x0, y0, x1, y1] = this.#outer(box);
    return [area.left + x0 / this.ratio, area.top + y0 / this.ratio, area.left + x1 / this.ratio, area.top + y1 / this.ratio];
  }

  /** Zoom as people know it: image pixels against device pixels. */
  get percent() {
    return this.camera.scale * 100;
  }

  /** Whether every pixel on the stage is what the plane has there, and not a quick guess at it. */
  get isExact() {
    return this.plane !== null && this.drawn?.isExact === true && this.drawn.plane === this.plane;
  }

  /**
   * Pixels that came along, or were made before, are put as they are. Others are made here: exactly where that takes no
   * longer than a frame, else quickly, and exactly by the worker as soon as the picture stands still.
   */
  #drawPicture() {
    const { lower, plane } = this;
    clearTimeout(this.refining);
    lower.setTransform(1, 0, 0, 1, 0, 0);
    lower.fillStyle = GROUND;
    lower.fillRect(0, 0, this.picture.width, this.picture.height);
    if (!plane) return;
    const drawn = this.#pixels(plane);
    if (drawn) lower.putImageData(drawn.image, drawn.left, drawn.top);
    if (!this.shown.redacted || this.shown.bare) return;
    lower.fillStyle = "#000";
    for (const rect of this.shown.rects) if (rect.applied) this.#fill(rect.box);
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
    if (drawn) this.recycle(/** @type {ArrayBuffer} */ (drawn.image.data.buffer));
  }

  /** @param {Made} plane @param {import("./scaling.js").Place} place @param {string} signature */
  #compose(plane, place, signature) {
    const area = covered(place, plane);
    const { cells } = plane;
    if (!area.width || !area.height || !cells) {
      this.drawn = null;
      return;
    }
    const isExact = place.scale >= 1 || (!this.hasty && cost(place, area) <= AT_ONCE);
    let image = this.drawn?.image;
    if (image?.width !== area.width || image.height !== area.height) image = new ImageData(area.width, area.height);
    compose({ ...plane, cells }, tablesOf(plane, this.view), place, area, new Uint32Array(image.data.buffer), !isExact);
    this.drawn = { plane, signature, isExact, image, left: area.left, top: area.top };
  }

  /** @param {Made} plane @param {import("./scaling.js").Place} place @param {string} signature */
  async #refine(plane, place, signature) {
    const composed = await this.refine(plane, this.view, place).catch(() => undefined);
    const isWanted = composed && this.plane === plane && composed.signature === signature && signatureOf(this.camera.lies, this.view) === signature;
    if (!composed || !isWanted) return;
    this.#adopt(plane, composed);
    this.#drawPicture();
    this.onexact();
  }

  /** Black over every device pixel that the box touches. @param {Edges} box */
  #fill(box) {
    const [x0, y0, x1, y1] = this.#outer(box);
    this.lower.fillRect(x0, y0, x1 - x0, y1 - y0);
  }

  /** @param {Edges} box @returns {Edges} */
  #outer([left, top, right, bottom]) {
    const [x0, y0] = this.camera.toStage(left, top);
    const [x1, y1] = this.camera.toStage(right, bottom);
    return [Math.floor(x0), Math.floor(y0), Math.ceil(x1), Math.ceil(y1)];
  }

  #drawMarks() {
    const { upper, camera, shown } = this;
    const { width, height } = this.marks;
    const signature = JSON.stringify([shown, camera.x, camera.y, camera.scale, width, height, this.plane === null, this.plane?.cells === null]);
    if (signature === this.drawnMarks) return;
    this.drawnMarks = signature;
    upper.clearRect(0, 0, width, height);
    if (this.plane && shown.bare) this.#drawLabel("rectangles are hidden while h is held down", 3 * this.ratio, 3 * this.ratio);
    if (this.plane && !this.plane.cells) this.#drawLabel(SMALL, 3 * this.ratio, this.marks.height - 21 * this.ratio);
    if (!this.plane || shown.bare) return;
    for (const rect of shown.rects) this.#drawRect(rect);
    if (shown.redacted) for (const rect of shown.rects) if (rect.preview) this.#drawWords(rect);
    if (shown.cursor) this.#drawHandled(shown.cursor);
  }

  /** @param {DrawnRect} rect */
  #drawRect(rect) {
    const black = rect.applied && this.shown.redacted;
    const lit = rect.id === this.shown.lit;
    const source = sourceOf(rect.source);
    const [x0, y0, x1, y1] = this.#outer(rect.box);
    if (black && rect.preview) this.#drawPreview(x0, y0, x1, y1, source.colour);
    if (!rect.highlighted && !lit && !(black && rect.preview)) return;
    const path = new Path2D();
    path.rect(x0 + 0.5, y0 + 0.5, x1 - x0 - 1, y1 - y0 - 1);
    const faint = !black && (rect.empty || rect.rejected);
    if (!black && !faint) {
      path.moveTo(x0, y0);
      path.lineTo(x1, y1);
      path.moveTo(x1, y0);
      path.lineTo(x0, y1);
    }
    this.upper.globalAlpha = faint && !lit ? 0.65 : 1;
    this.#stroke(path, source.colour, faint ? FAINT : source.dash, (lit ? 2.5 : 1.25) * this.ratio, !black);
    this.upper.globalAlpha = 1;
  }

  /**
   * What rules show black and nobody stored is hatched, whatever its outline: a mark is plain black.
   * @param {number} x0
   * @param {number} y0
   * @param {number} x1
   * @param {number} y1
   * @param {string} colour
   */
  #drawPreview(x0, y0, x1, y1, colour) {
    const { upper, ratio } = this;
    const step = HATCH * ratio;
    const path = new Path2D();
    // Lines that belong to the stage and not to the box: boxes side by side are one area.
    const from = Math.max(x0, 0);
    const to = Math.min(x1, this.marks.width);
    const top = Math.max(y0, 0);
    const bottom = Math.min(y1, this.marks.height);
    if (from >= to || top >= bottom) return;
    for (let at = Math.ceil((from + top) / step) * step; at < to + bottom; at += step) {
      path.moveTo(at - top, top);
      path.lineTo(at - bottom, bottom);
    }
    upper.save();
    upper.beginPath();
    upper.rect(from, top, to - from, bottom - top);
    upper.clip();
    upper.strokeStyle = colour;
    upper.globalAlpha = 0.75;
    upper.lineWidth = 1.5 * ratio;
    upper.stroke(path);
    upper.restore();
  }

  /** The words that tell a preview from a mark: inside where they fit, else beside it. @param {DrawnRect} rect */
  #drawWords(rect) {
    const { upper, ratio } = this;
    const [x0, y0, x1, y1] = this.#outer(rect.box);
    const { width, height } = this.marks;
    if (x1 <= 0 || y1 <= 0 || x0 >= width || y0 >= height) return;
    upper.font = LABEL(ratio);
    const wide = upper.measureText(PREVIEW).width + 10 * ratio;
    const high = 18 * ratio;
    const left = Math.max(2, Math.min(Math.max(x0, 0) + 3 * ratio, width - wide - 2));
    const inside = Math.min(y1, height) - Math.max(y0, 0) >= high + 4 * ratio;
    const top = inside ? Math.max(y0, 0) + 2 * ratio : y1 + high + 2 * ratio < height ? y1 + 2 * ratio : Math.max(2, y0 - high - 2 * ratio);
    this.#drawLabel(PREVIEW, left, top);
  }

  /** Light words on a dark ground. @param {string} words @param {number} left @param {number} top */
  #drawLabel(words, left, top) {
    const { upper, ratio } = this;
    const high = 18 * ratio;
    upper.font = LABEL(ratio);
    upper.fillStyle = "rgba(16, 18, 20, .92)";
    upper.fillRect(left, top, upper.measureText(words).width + 10 * ratio, high);
    upper.fillStyle = "#F4F6F8";
    upper.textBaseline = "middle";
    upper.fillText(words, left + 5 * ratio, top + high / 2 + ratio);
  }

  /**
   * A line that is seen on white and on black: a dark one under a coloured one.
   * @param {Path2D} path
   * @param {string} colour
   * @param {number[]} dash
   * @param {number} width
   * @param {boolean} shadow
   */
  #stroke(path, colour, dash, width, shadow) {
    const { upper } = this;
    if (shadow) {
      upper.setLineDash([]);
      upper.lineWidth = width + 2 * this.ratio;
      upper.strokeStyle = "rgba(0, 0, 0, .55)";
      upper.stroke(path);
    }
    upper.setLineDash(dash.map((part) => part * this.ratio));
    upper.lineWidth = width;
    upper.strokeStyle = colour;
    upper.stroke(path);
    upper.setLineDash([]);
  }

  /** @param {Edges} box */
  #drawHandled(box) {
    const { upper, ratio } = this;
    const [x0, y0, x1, y1] = this.#outer(box);
    const path = new Path2D();
    path.rect(x0 + 0.5, y0 + 0.5, x1 - x0 - 1, y1 - y0 - 1);
    this.#stroke(path, ACCENT, [], 1.5 * ratio, true);
    const points = handlePoints([x0, y0, x1, y1]);
    const half = 4 * ratio;
    for (const handle of HANDLES) {
      const [x, y] = points[handle];
      upper.fillStyle = "#101214";
      upper.fillRect(x - half - ratio, y - half - ratio, 2 * (half + ratio), 2 * (half + ratio));
      upper.fillStyle = ACCENT;
      upper.fillRect(x - half, y - half, 2 * half, 2 * half);
    }
    if (this.shown.dragging) this.#drawSize(box, x0, y0, y1);
  }

  /**
   * Size and place in pixels of the plane, beside the rectangle.
   * @param {Edges} box
   * @param {number} x
   * @param {number} y0
   * @param {number} y1
   */
  #drawSize(box, x, y0, y1) {
    const { upper, ratio } = this;
    const text = `${box[2] - box[0]} × ${box[3] - box[1]}   at ${box[0]}, ${box[1]}`;
    upper.font = `${13 * ratio}px system-ui, sans-serif`;
    const width = upper.measureText(text).width + 12 * ratio;
    const height = 22 * ratio;
    const left = Math.max(4, Math.min(x, this.marks.width - width - 4));
    const above = y0 - height - 8 * ratio;
    const top = above > 4 ? above : Math.min(y1 + 8 * ratio, this.marks.height - height - 4);
    upper.fillStyle = "rgba(16, 18, 20, .9)";
    upper.fillRect(left, top, width, height);
    upper.fillStyle = "#F4F6F8";
    upper.textBaseline = "middle";
    upper.fillText(text, left + 6 * ratio, top + height / 2);
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {boolean} alpha  an opaque canvas is put on the screen faster
 * @returns {CanvasRenderingContext2D}
 */
function context(canvas, alpha) {
  const found = canvas.getContext("2d", { alpha });
  if (!found) throw new Error("this browser has no 2d canvas");
  return found;
}
