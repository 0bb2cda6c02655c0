/** A shape that is being drawn: its points are put and moved here, and the server gets it when it is finished. */

import { anyOpen } from "./dom.js";
import { clamp } from "./rectangle.js";

/** @typedef {[number, number]} Spot */
/** @typedef {"fan"|"polygon"} Kind */

/**
 * What is drawn of it.
 * @typedef {object} Drafted
 * @property {string} text  kind and points, as the server takes them
 * @property {Spot[]} points
 * @property {number} current  the point that the arrow keys move
 * @property {boolean} keep
 */

/**
 * What it needs from the page.
 * @typedef {object} Host
 * @property {() => import("./types.js").Edges|null} handled
 * @property {(args: {text: string, scope?: string, id?: string}) => unknown} store
 * @property {(words: string|null) => void} tell  what keys do, for as long as a shape is drawn
 * @property {(words: string) => void} say
 * @property {(words: string) => void} refuse
 */

const ARROWS = /** @type {Record<string, Spot>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});
const FEWEST = { fan: 3, polygon: 3 };
const MOST = { fan: 4, polygon: 200 };
/** How far a point may lie outside of the plane, in its sizes. */
const BEYOND = 4;

export class Draft {
  /** @param {import("./stage.js").Stage} stage @param {Host} host */
  constructor(stage, host) {
    this.stage = stage;
    this.host = host;
    /** @type {Kind|null} */
    this.kind = null;
    /** @type {Spot[]} */
    this.points = [];
    this.current = 0;
    this.keep = true;
    /** @type {string|undefined} the stored shape that is adjusted */
    this.id = undefined;
    /** @type {number|null} the pointer that moves a point */
    this.pointer = null;
    document.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    const { root } = stage;
    root.addEventListener("pointerdown", (event) => this.#down(event), { capture: true });
    root.addEventListener("pointermove", (event) => this.#move(event), { capture: true });
    for (const kind of /** @type {const} */ (["pointerup", "pointercancel"])) {
      root.addEventListener(kind, (event) => this.#up(event), { capture: true });
    }
  }

  get isOpen() {
    return this.kind !== null;
  }

  /** Begin with a fan in the middle of the plane, or with the corners of the handled rectangle. @param {Kind} kind */
  begin(kind) {
    const { width, height } = this.stage.camera.plane;
    if (!this.stage.plane || !width || !height) return;
    const [left, top, right, bottom] = this.host.handled() ?? [0, 0, width, height];
    const points = /** @type {Spot[]} */ (kind === "fan"
      ? [[width / 2, height * 0.05], [width * 0.15, height * 0.85], [width * 0.85, height * 0.85]]
      : [[left, top], [right, top], [right, bottom], [left, bottom]]);
    this.#open(kind, points.map(([x, y]) => [Math.round(x), Math.round(y)]), kind === "fan", undefined);
  }

  /**
   * Begin with a stored shape of one part.
   * @param {{id: string|number, shape: import("./types.js").ShapeState|null}} rect
   * @returns {boolean} whether it can be adjusted
   */
  adjust({ id, shape }) {
    const parsed = shape && parsedOf(shape.text);
    if (!parsed || !this.stage.plane) return false;
    this.#open(parsed.kind, parsed.points, parsed.keep, String(id));
    return true;
  }

  /** @param {Kind} kind @param {Spot[]} points @param {boolean} keep @param {string|undefined} id */
  #open(kind, points, keep, id) {
    Object.assign(this, { kind, points, keep, id, current: 0, pointer: null });
    this.stage.root.focus({ preventScroll: true });
    this.host.tell(WORDS[kind]);
    this.#draw();
  }

  /** Give it up. @param {boolean} [told]  whether to say so */
  end(told = false) {
    if (!this.isOpen) return;
    this.kind = null;
    this.pointer = null;
    this.stage.update({ draft: null });
    this.host.tell(null);
    if (told) this.host.say("The shape was not stored.");
  }

  /** @param {boolean} everywhere */
  #finish(everywhere) {
    const { text, id } = this;
    this.end();
    /** @type {{text: string, scope?: string, id?: string}} */
    const args = { text };
    if (everywhere) args.scope = "all frames";
    if (id !== undefined) args.id = id;
    void this.host.store(args);
  }

  get text() {
    return `${this.keep ? "keep " : ""}${this.kind} ${this.points.map(([x, y]) => `${x},${y}`).join(" ")}`;
  }

  #draw() {
    if (!this.kind) return;
    const { text, points, current, keep } = this;
    this.stage.update({ draft: { text, points, current, keep } });
  }

  /** @param {Spot} spot */
  #put([x, y]) {
    const { width, height } = this.stage.camera.plane;
    const points = [...this.points];
    points[this.current] = [
      Math.round(clamp(x, -BEYOND * width, (BEYOND + 1) * width)), Math.round(clamp(y, -BEYOND * height, (BEYOND + 1) * height)),
    ];
    this.points = points;
    this.#draw();
  }

  #add() {
    const { kind, points, current } = this;
    if (!kind || points.length >= MOST[kind]) return;
    const [apex, one, other] = points;
    if (kind === "fan" && apex && one && other) {
      const middle = /** @type {Spot} */ ([(one[0] + other[0]) / 2, (one[1] + other[1]) / 2]);
      this.points = [...points, [Math.round(apex[0] + (middle[0] - apex[0]) / 4), Math.round(apex[1] + (middle[1] - apex[1]) / 4)]];
      this.current = 3;
    } else {
      const here = points[current];
      const next = points[(current + 1) % points.length];
      if (!here || !next) return;
      this.#insert(current, [Math.round((here[0] + next[0]) / 2), Math.round((here[1] + next[1]) / 2)]);
    }
    this.#draw();
  }

  /** @param {number} after @param {Spot} spot */
  #insert(after, spot) {
    this.points = [...this.points.slice(0, after + 1), spot, ...this.points.slice(after + 1)];
    this.current = after + 1;
  }

  #drop() {
    const { kind, points, current } = this;
    if (!kind || points.length <= FEWEST[kind] || (kind === "fan" && current !== 3)) return;
    this.points = points.filter((_, number) => number !== current);
    this.current = Math.min(current, this.points.length - 1);
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const onStage = event.target === document.body || event.target === this.stage.root;
    if (!this.isOpen || !onStage || anyOpen() || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const arrow = ARROWS[event.key];
    const point = this.points[this.current];
    if (arrow && point) {
      const step = event.shiftKey ? 10 : 1;
      this.#put([point[0] + step * arrow[0], point[1] + step * arrow[1]]);
    } else if (event.key === "Tab") {
      const count = this.points.length;
      this.current = (this.current + (event.shiftKey ? count - 1 : 1)) % count;
      this.#draw();
    } else if (event.key === "Enter") this.#finish(event.shiftKey);
    else if (event.key === "Escape") this.end(true);
    else if (event.key === "+") this.#add();
    else if (event.key === "Delete" || event.key === "Backspace") this.#drop();
    else if (event.key === "e" && this.kind === "polygon") {
      this.keep = !this.keep;
      this.#draw();
    } else if (event.key.length > 1 || ZOOM.has(event.key)) return;
    // A command that would mark or leave: first the shape is stored or given up.
    else this.host.refuse("Store the shape first (Enter), or give it up (Esc).");
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** @param {PointerEvent} event @returns {Spot} device pixels of the stage */
  #at(event) {
    const area = this.stage.marks.getBoundingClientRect();
    return [(event.clientX - area.left) * this.stage.ratio, (event.clientY - area.top) * this.stage.ratio];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.isOpen || event.button !== 0 || event.target !== this.stage.marks) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    this.stage.root.focus({ preventScroll: true });
    const [x, y] = this.#at(event);
    const { camera, ratio } = this.stage;
    const far = this.points.map(([px, py]) => {
      const [sx, sy] = camera.toStage(px, py);
      return Math.hypot(sx - x, sy - y);
    });
    const nearest = far.indexOf(Math.min(...far));
    const edge = (far[nearest] ?? Infinity) > REACH * ratio && this.kind === "polygon" && this.points.length < MOST.polygon
      ? edgeAt(this.points.map(([px, py]) => camera.toStage(px, py)), x, y, REACH * ratio) : -1;
    if (edge >= 0) this.#insert(edge, this.#spot(event));
    else if ((far[nearest] ?? Infinity) <= REACH * ratio) this.current = nearest;
    else return;
    this.pointer = event.pointerId;
    this.stage.marks.setPointerCapture(event.pointerId);
    this.#draw();
  }

  /** @param {PointerEvent} event @returns {Spot} */
  #spot(event) {
    const [x, y] = this.stage.camera.toPlane(...this.#at(event));
    return [Math.round(x), Math.round(y)];
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.isOpen || event.buttons > 1) return;
    event.stopImmediatePropagation();
    if (this.pointer === event.pointerId) this.#put(this.#spot(event));
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (!this.isOpen || this.pointer !== event.pointerId) return;
    event.stopImmediatePropagation();
    this.pointer = null;
  }
}

/** CSS pixels from a point or an edge in which the mouse takes it. */
const REACH = 10;
const ZOOM = new Set([">", ".", "<", ",", "0", "1", "-", "=", "?", "h", " "]);

/** What stands on the stage while a shape is drawn. */
const WORDS = {
  fan: "Fan: Tab next point, arrows move it (Shift: 10), + near arc, Enter stores, Shift+Enter on all frames, Esc gives up",
  polygon: "Polygon: Tab next point, arrows move it (Shift: 10), + new point, Delete, e inside or outside, Enter stores, Shift+Enter on all frames, Esc gives up",
};

/**
 * Kind and points of a shape of one part that can be adjusted; null for any other.
 * @param {string} text
 * @returns {{kind: Kind, points: Spot[], keep: boolean}|null}
 */
export function parsedOf(text) {
  const keep = text.startsWith("keep ");
  const [kind, ...pairs] = text.replace(/^keep /, "").split(" ");
  if (text.includes(" + ") || (kind !== "fan" && kind !== "polygon" && kind !== "rectangle")) return null;
  const points = pairs.map((pair) => /** @type {Spot} */ (pair.split(",").map(Number)));
  if (kind !== "rectangle") return { kind, points, keep };
  const [one, other] = points;
  if (!one || !other) return null;
  return { kind: "polygon", points: [one, [other[0], one[1]], other, [one[0], other[1]]], keep };
}

/**
 * Which edge of a polygon lies within reach of a point: the number of the point that it begins at, -1 for none.
 * @param {Spot[]} points
 * @param {number} x
 * @param {number} y
 * @param {number} reach
 */
export function edgeAt(points, x, y, reach) {
  let found = -1;
  let least = reach;
  points.forEach(([ax, ay], number) => {
    const [bx, by] = points[(number + 1) % points.length] ?? [ax, ay];
    const square = (bx - ax) ** 2 + (by - ay) ** 2;
    const along = square ? clamp(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / square, 0, 1) : 0;
    const far = Math.hypot(ax + along * (bx - ax) - x, ay + along * (by - ay) - y);
    if (far <= least) [found, least] = [number, far];
  });
  return found;
}
