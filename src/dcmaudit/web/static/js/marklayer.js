/** What is only drawn for people, above the plane: outlines, crosses, the handled rectangle, words. In device pixels. */

import { pathOf } from "./areas.js";
import { context } from "./canvas.js";
import { handlePoints, HANDLES } from "./rectangle.js";
import { ACCENT, FAINT, POINTED, PREVIEW, sourceOf } from "./sources.js";

/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {import("./types.js").DrawnRect} DrawnRect */

/**
 * What is drawn.
 * @typedef {object} Marks
 * @property {DrawnRect[]} rects
 * @property {Edges|null} handled
 * @property {boolean} redacted
 * @property {string|null} chosen  the suggestion that the next decision is about
 * @property {string|number|null} lit  the rectangle under the mouse or the list's focus
 * @property {boolean} dragging
 * @property {Edges|null} [band]  an area that is being chosen, for a window
 * @property {import("./draft.js").Drafted|null} [draft]  a shape that is not stored yet
 * @property {Edges[]} [pointed]  places for which the page was led to this plane
 * @property {boolean} [bare]  every rectangle is hidden while a key is held down
 */

/** What a small picture says of itself. */
export const SMALL = "small picture while the key is held: fine text is lost, it does not count as seen";
/** CSS pixels between two lines of the hatching that marks a preview. */
const HATCH = 12;
/** Not one of the colours that sources have. */
const CHOSEN = "#ffffff";
/** @param {number} ratio */
const LABEL = (ratio) => `600 ${12 * ratio}px system-ui, sans-serif`;

/** @type {Marks} */
export const NOTHING = { rects: [], handled: null, redacted: true, chosen: null, lit: null, dragging: false };

export class MarkLayer {
  /** @param {HTMLCanvasElement} canvas @param {import("./camera.js").Camera} camera */
  constructor(canvas, camera) {
    this.canvas = canvas;
    this.camera = camera;
    this.upper = context(canvas, true);
    this.ratio = 1;
    this.shown = NOTHING;
    /** What is drawn; drawing the same again would only cost time. */
    this.drawn = "";
  }

  /** The canvas has another size, and with it nothing on it. @param {number} ratio  device pixels a CSS pixel */
  clear(ratio) {
    this.ratio = ratio;
    this.drawn = "";
  }

  /** @param {import("./levels.js").Made|null} plane @param {Marks} shown */
  draw(plane, shown) {
    const { upper, camera } = this;
    const { width, height } = this.canvas;
    const signature = JSON.stringify([shown, camera.x, camera.y, camera.scale, camera.orientation, width, height, plane === null, plane?.cells === null]);
    if (signature === this.drawn) return;
    this.drawn = signature;
    this.shown = shown;
    upper.clearRect(0, 0, width, height);
    if (plane && !plane.cells) this.#drawLabel(SMALL, 3 * this.ratio, height - 21 * this.ratio);
    if (!plane || shown.bare) return;
    for (const rect of shown.rects) this.#drawRect(rect);
    if (shown.redacted) for (const rect of shown.rects) if (rect.preview) this.#drawWords(rect);
    for (const box of shown.pointed ?? []) this.#drawPointed(box);
    if (shown.handled) this.#drawHandled(shown.handled);
    if (shown.band) this.#drawBand(shown.band);
    if (shown.draft) this.#drawDraft(plane, shown.draft);
  }

  /** @param {DrawnRect} rect */
  #drawRect(rect) {
    const black = rect.applied && this.shown.redacted;
    const chosen = rect.id === this.shown.chosen;
    const lit = chosen || rect.id === this.shown.lit;
    const source = sourceOf(rect.source);
    const [x0, y0, x1, y1] = this.camera.outer(rect.box);
    if (black && rect.preview) this.#drawPreview(x0, y0, x1, y1, source.colour);
    if (!rect.highlighted && !lit && !(black && rect.preview)) return;
    const { shape } = rect;
    const path = shape ? pathOf(shape.text, (x, y) => this.camera.toStage(x, y)) : new Path2D();
    if (!shape) path.rect(x0 + 0.5, y0 + 0.5, x1 - x0 - 1, y1 - y0 - 1);
    const faint = !black && (rect.empty || rect.rejected);
    // What is kept has no cross: that would say that something is to be decided.
    if (!black && !faint && !shape && !rect.kept) {
      path.moveTo(x0, y0);
      path.lineTo(x1, y1);
      path.moveTo(x1, y0);
      path.lineTo(x0, y1);
    }
    this.upper.globalAlpha = faint && !lit ? 0.65 : 1;
    this.#stroke(path, source.colour, faint ? FAINT : rect.kept ? [] : source.dash, (lit ? 2.5 : 1.25) * this.ratio, !black);
    this.upper.globalAlpha = 1;
    if (chosen) this.#drawChosen(x0, y0, x1, y1);
  }

  /** Corners around the chosen suggestion, away from it: they hide nothing of it. @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 */
  #drawChosen(x0, y0, x1, y1) {
    const away = 5 * this.ratio;
    const long = 12 * this.ratio;
    const [left, top, right, bottom] = [x0 - away, y0 - away, x1 + away, y1 + away];
    const path = new Path2D();
    for (const [x, y, dx, dy] of /** @type {[number, number, number, number][]} */ ([[left, top, 1, 1], [right, top, -1, 1], [right, bottom, -1, -1], [left, bottom, 1, -1]])) {
      path.moveTo(x, y + dy * long);
      path.lineTo(x, y);
      path.lineTo(x + dx * long, y);
    }
    this.#stroke(path, CHOSEN, [], 3 * this.ratio, true);
  }

  /** A line with gaps around a place, away from it. @param {Edges} box */
  #drawPointed(box) {
    const [x0, y0, x1, y1] = this.camera.outer(box);
    const away = 3 * this.ratio;
    const path = new Path2D();
    path.rect(x0 - away, y0 - away, x1 - x0 + 2 * away, y1 - y0 + 2 * away);
    this.#stroke(path, POINTED, [10, 4], 2 * this.ratio, true);
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
    const to = Math.min(x1, this.canvas.width);
    const top = Math.max(y0, 0);
    const bottom = Math.min(y1, this.canvas.height);
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

  /** The words that tell a preview from a mark, where all of them fit inside: beside it they would lie on the image. @param {DrawnRect} rect */
  #drawWords(rect) {
    const { upper, ratio } = this;
    const [x0, y0, x1, y1] = this.camera.outer(rect.box);
    const [left, top] = [Math.max(x0, 0), Math.max(y0, 0)];
    const [right, bottom] = [Math.min(x1, this.canvas.width), Math.min(y1, this.canvas.height)];
    upper.font = LABEL(ratio);
    const wide = upper.measureText(PREVIEW).width + 16 * ratio;
    // A shape is black in part of its box alone; the hatching says the same where there is no room.
    if (rect.shape || right - left < wide || bottom - top < 22 * ratio) return;
    this.#drawLabel(PREVIEW, left + 3 * ratio, top + 2 * ratio);
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
  #drawBand(box) {
    const [x0, y0, x1, y1] = this.camera.outer(box);
    const path = new Path2D();
    path.rect(x0 + 0.5, y0 + 0.5, x1 - x0 - 1, y1 - y0 - 1);
    this.#stroke(path, ACCENT, [4, 4], 1.5 * this.ratio, true);
  }

  /**
   * A shape that is being drawn: what will be black is dark, its points are handles.
   * @param {{width: number, height: number}} plane
   * @param {import("./draft.js").Drafted} draft
   */
  #drawDraft({ width, height }, draft) {
    const { upper, ratio } = this;
    /** @param {number} x @param {number} y */
    const toStage = (x, y) => this.camera.toStage(x, y);
    const outline = pathOf(draft.text, toStage);
    const dark = draft.keep ? pathOf(`rectangle 0,0 ${width},${height}`, toStage) : outline;
    if (draft.keep) dark.addPath(outline);
    upper.fillStyle = "rgba(0, 0, 0, .55)";
    upper.fill(dark, draft.keep ? "evenodd" : "nonzero");
    this.#stroke(outline, ACCENT, [], 1.5 * ratio, true);
    const half = 4 * ratio;
    draft.points.forEach(([px, py], number) => {
      const [x, y] = toStage(px, py);
      const grown = number === draft.current ? half + 2 * ratio : half;
      upper.fillStyle = "#101214";
      upper.fillRect(x - grown - ratio, y - grown - ratio, 2 * (grown + ratio), 2 * (grown + ratio));
      upper.fillStyle = number === draft.current ? "#F4F6F8" : ACCENT;
      upper.fillRect(x - grown, y - grown, 2 * grown, 2 * grown);
    });
  }

  /** @param {Edges} box */
  #drawHandled(box) {
    const { upper, ratio } = this;
    const [x0, y0, x1, y1] = this.camera.outer(box);
    const path = new Path2D();
    path.rect(x0 + 0.5, y0 + 0.5, x1 - x0 - 1, y1 - y0 - 1);
    this.#stroke(path, ACCENT, [], 1.5 * ratio, true);
    const points = handlePoints([x0, y0, x1, y1]);
    const half = 4 * ratio;
    for (const handle of HANDLES) {
      const [x, y] = points[handle];
      // Hollow: a letter below a handle stays to be read.
      upper.lineWidth = 3 * ratio;
      upper.strokeStyle = "#101214";
      upper.strokeRect(x - half, y - half, 2 * half, 2 * half);
      upper.lineWidth = 1.5 * ratio;
      upper.strokeStyle = ACCENT;
      upper.strokeRect(x - half, y - half, 2 * half, 2 * half);
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
    const left = Math.max(4, Math.min(x, this.canvas.width - width - 4));
    const above = y0 - height - 8 * ratio;
    const top = above > 4 ? above : Math.min(y1 + 8 * ratio, this.canvas.height - height - 4);
    upper.fillStyle = "rgba(16, 18, 20, .9)";
    upper.fillRect(left, top, width, height);
    upper.fillStyle = "#F4F6F8";
    upper.textBaseline = "middle";
    upper.fillText(text, left + 6 * ratio, top + height / 2);
  }
}
