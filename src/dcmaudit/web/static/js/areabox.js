/** A picture of a class, and a rectangle over it in pixels of the plane: drawn by mouse, or moved with arrow keys. */

import { make, setTitle } from "./dom.js";
import { clamp } from "./rectangle.js";

/** @typedef {import("./types.js").Edges} Edges */

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

/**
 * A box moved, or made larger at its right and lower edge, and kept within a plane.
 * @param {Edges} box @param {[number, number]} by @param {[number, number]} size @param {boolean} grows @returns {Edges}
 */
export function nudged([left, top, right, bottom], [dx, dy], [width, height], grows) {
  if (grows) return [left, top, clamp(right + dx, left + 1, width), clamp(bottom + dy, top + 1, height)];
  const [x, y] = [clamp(left + dx, 0, width - (right - left)), clamp(top + dy, 0, height - (bottom - top))];
  return [x, y, x + right - left, y + bottom - top];
}

/**
 * The box between two corners, at least a pixel large and within the plane.
 * @param {[number, number]} one @param {[number, number]} other @param {[number, number]} size @returns {Edges}
 */
export function between(one, other, [width, height]) {
  const [left, right] = [Math.min(one[0], other[0]), Math.max(one[0], other[0])];
  const [top, bottom] = [Math.min(one[1], other[1]), Math.max(one[1], other[1])];
  const [x, y] = [clamp(Math.floor(left), 0, width - 1), clamp(Math.floor(top), 0, height - 1)];
  return [x, y, clamp(Math.ceil(right), x + 1, width), clamp(Math.ceil(bottom), y + 1, height)];
}

export class Areabox {
  /** @param {HTMLElement} root @param {(box: Edges) => void} done @param {(words: string) => void} say */
  constructor(root, done, say) {
    this.root = root;
    this.done = done;
    this.say = say;
    this.image = make("img", "");
    this.image.alt = "";
    this.frame = make("span", "class-box");
    this.frame.hidden = true;
    root.append(this.image, this.frame);
    root.tabIndex = 0;
    /** @type {[number, number]|null} */
    this.size = null;
    /** @type {Edges|null} */
    this.box = null;
    /** @type {[number, number]|null} */
    this.from = null;
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("pointerdown", (event) => this.#press(event));
    root.addEventListener("pointermove", (event) => this.#drag(event));
    root.addEventListener("pointerup", () => (this.from = null));
    this.image.addEventListener("load", () => this.#draw());
    this.image.addEventListener("error", () => (this.image.hidden = true));
    this.watch = new ResizeObserver(() => this.#draw());
    this.watch.observe(root);
  }

  get isDrawing() {
    return this.box !== null;
  }

  /** @param {string} src @param {[number, number]|null} size @param {string} label */
  show(src, size, label) {
    this.size = size;
    setTitle(this.root, label);
    this.root.setAttribute("aria-label", `Picture of the class: ${label}`);
    if (this.image.getAttribute("src") === src) return;
    this.image.hidden = false;
    this.image.src = src;
  }

  /** Put a rectangle over the picture; whether that is possible. */
  begin() {
    if (!this.size || this.root.offsetParent === null) return false;
    const [width, height] = this.size;
    this.box = [0, 0, Math.max(1, Math.round(width / 3)), Math.max(1, Math.round(height / 10))];
    this.root.focus({ preventScroll: true });
    this.#draw();
    return true;
  }

  store() {
    if (this.box) this.done(this.box);
  }

  end() {
    this.box = this.from = null;
    this.frame.hidden = true;
  }

  /** Where the picture lies within its place: left, top, and pixels of the page for a pixel of the plane. */
  #placed() {
    const [width, height] = this.size ?? [1, 1];
    const scale = Math.min(this.root.clientWidth / width, this.root.clientHeight / height);
    return { scale, left: (this.root.clientWidth - width * scale) / 2, top: (this.root.clientHeight - height * scale) / 2 };
  }

  /** @param {PointerEvent} event @returns {[number, number]} */
  #point(event) {
    const { scale, left, top } = this.#placed();
    const area = this.root.getBoundingClientRect();
    return [(event.clientX - area.left - left) / scale, (event.clientY - area.top - top) / scale];
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (!this.size || event.button !== 0) return;
    this.from = this.#point(event);
    this.root.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (!this.from || !this.size) return;
    this.box = between(this.from, this.#point(event), this.size);
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const way = ARROWS[event.key];
    if (!this.box || !this.size || event.altKey || event.metaKey) return;
    if (way) {
      const step = event.shiftKey ? 10 : 1;
      this.box = nudged(this.box, [way[0] * step, way[1] * step], this.size, event.ctrlKey);
      this.#draw();
    } else if (event.key === "Enter") this.store();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #draw() {
    const { box, frame } = this;
    frame.hidden = !box;
    if (!box) return;
    const { scale, left, top } = this.#placed();
    frame.style.left = `${left + box[0] * scale}px`;
    frame.style.top = `${top + box[1] * scale}px`;
    frame.style.width = `${(box[2] - box[0]) * scale}px`;
    frame.style.height = `${(box[3] - box[1]) * scale}px`;
    this.say(`Rectangle ${box[2] - box[0]} x ${box[3] - box[1]} at ${box[0]}, ${box[1]}: arrows move it (Shift: ten), Ctrl+arrows its size; Enter stores it for the files chosen, Esc gives it up`);
  }
}
