/** One plane before and after redaction: side by side, or one after the other in the same place. */

import { ask } from "./dialogs.js";
import { byId, printable, setText, within } from "./dom.js";
import { fitted, moved, zoomed } from "./paircamera.js";

/** @typedef {import("./types.js").OutputRow} OutputRow */
/** @typedef {import("./types.js").OutputPlane} OutputPlane */

const PAGE = 500;
const STEP = 1.25;
/** An arrow key moves both by this part of their place, with Shift by the smaller one. */
const PART = 0.25;
const FINE = 0.025;

export class Compare {
  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
    this.dialog = byId("dialog-compare", HTMLDialogElement);
    this.panes = byId("compare-panes", HTMLElement);
    this.figures = [byId("compare-left", HTMLElement), byId("compare-right", HTMLElement)];
    this.canvases = this.figures.map((figure) => within(figure, "canvas", HTMLCanvasElement));
    this.note = byId("compare-note", HTMLElement);
    this.number = -1;
    /** @type {OutputPlane[]} */
    this.planes = [];
    this.index = 0;
    this.isVoi = false;
    /** Whether one place shows before and after in turns, and which of them now. */
    this.blinks = false;
    this.showsAfter = true;
    /** @type {ImageBitmap|null} before, and below it after */
    this.picture = null;
    this.hasAfter = false;
    /** What is to be said of this plane. */
    this.remark = "";
    /** @type {import("./paircamera.js").Place} */
    this.place = { scale: 1, x: 0, y: 0 };
    this.isFit = true;
    /** @type {AbortController|null} */
    this.loading = null;
    /** @param {string} id @param {() => void} work */
    const on = (id, work) => byId(id, HTMLButtonElement).addEventListener("click", work);
    on("compare-previous", () => this.go(this.index - 1));
    on("compare-next", () => this.go(this.index + 1));
    on("compare-changed", () => this.#nextChanged());
    on("compare-blink", () => this.#blink());
    on("compare-voi", () => this.#voi());
    on("compare-fit", () => this.#fit());
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
    this.dialog.addEventListener("close", () => this.#forget());
    new ResizeObserver(() => this.#draw()).observe(this.panes);
    this.#hands();
  }

  /** @param {OutputRow} row */
  async show(row) {
    this.number = row.number;
    this.planes = [];
    this.isFit = true;
    setText(byId("compare-title", HTMLElement), `Before and after: ${printable(row.short)}`);
    setText(this.note, "Reading…");
    void ask(this.dialog);
    this.panes.focus();
    try {
      await this.#list(row.number);
    } catch (error) {
      this.#fail(error);
      return;
    }
    const first = this.planes.findIndex((plane) => plane.changed);
    this.go(first < 0 ? 0 : first);
  }

  /** @param {number} number */
  async #list(number) {
    let total = Infinity;
    for (let start = 0; start < total && this.number === number; start += PAGE) {
      const part = await this.api.outputPlanes(number, start, PAGE);
      total = part.total;
      if (this.number === number) this.planes.push(...part.planes);
    }
  }

  /** @param {number} index */
  go(index) {
    if (!this.planes.length) return setText(this.note, "The file has no plane that can be shown.");
    this.index = Math.min(Math.max(index, 0), this.planes.length - 1);
    void this.#load();
  }

  #nextChanged() {
    const count = this.planes.length;
    for (let step = 1; step <= count; step += 1) {
      const index = (this.index + step) % count;
      if (this.planes[index]?.changed) return this.go(index);
    }
    setText(this.note, "No plane of this file has new black.");
  }

  async #load() {
    const plane = this.planes[this.index];
    if (!plane) return;
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    const words = `${this.index + 1} of ${this.planes.length}: ${plane.title}${plane.changed ? ", with black" : ", nothing asked for"}`;
    setText(byId("compare-plane", HTMLElement), words);
    try {
      const { blob, note } = await this.api.pair(this.number, plane.key, this.isVoi ? "voi" : "full", loading.signal);
      const picture = await createImageBitmap(blob);
      if (this.loading !== loading) return picture.close();
      this.picture?.close();
      this.picture = picture;
      this.hasAfter = note === "";
      this.dialog.dataset.plane = plane.key;
      this.remark = note;
      this.#tell();
      this.#draw();
    } catch (error) {
      if (this.loading === loading && !loading.signal.aborted) this.#fail(error);
    }
  }

  /** Which of both is shown, where it is one of them, and what there is to say of the plane. */
  #tell() {
    const one = this.blinks ? `One place: ${this.showsAfter ? "after" : "before"}. b changes, s shows both side by side.` : "";
    setText(this.note, [one, this.remark].filter(Boolean).join(" "));
  }

  /** @param {unknown} error */
  #fail(error) {
    this.picture?.close();
    this.picture = null;
    this.remark = "";
    delete this.dialog.dataset.plane;
    setText(this.note, error instanceof Error ? error.message : String(error));
    this.#draw();
  }

  /** Width and height of the plane. @returns {[number, number]} */
  get #size() {
    const { picture } = this;
    if (!picture) return [0, 0];
    return [picture.width, this.hasAfter ? picture.height / 2 : picture.height];
  }

  #draw() {
    if (!this.dialog.open) return;
    const [left, right] = this.figures;
    if (!left || !right) return;
    left.hidden = this.blinks && this.showsAfter;
    right.hidden = this.blinks && !this.showsAfter;
    const ratio = window.devicePixelRatio || 1;
    this.canvases.forEach((canvas, side) => {
      if (this.figures[side]?.hidden) return;
      const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
      const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
      if (this.isFit) this.place = fitted(this.#size, [width, height]);
      const context = canvas.getContext("2d");
      if (!context) return;
      context.clearRect(0, 0, width, height);
      if (!this.picture || (side === 1 && !this.hasAfter)) return;
      const [across, down] = this.#size;
      const { scale, x, y } = this.place;
      context.imageSmoothingEnabled = scale < 1;
      context.imageSmoothingQuality = "high";
      context.drawImage(this.picture, 0, side * down, across, down, x, y, across * scale, down * scale);
    });
  }

  #blink() {
    if (this.blinks) this.showsAfter = !this.showsAfter;
    else this.showsAfter = false;
    this.#setBlinks(true);
  }

  /** @param {boolean} on */
  #setBlinks(on) {
    this.blinks = on;
    byId("compare-blink", HTMLButtonElement).setAttribute("aria-pressed", String(on));
    this.panes.classList.toggle("single", on);
    this.#tell();
    this.#draw();
  }

  #voi() {
    this.isVoi = !this.isVoi;
    byId("compare-voi", HTMLButtonElement).setAttribute("aria-pressed", String(this.isVoi));
    void this.#load();
  }

  #fit() {
    this.isFit = true;
    this.#draw();
  }

  /** @param {number} factor @param {[number, number]} [at]  in pixels of the canvas */
  #zoom(factor, at) {
    const canvas = this.canvases.find((_each, side) => !this.figures[side]?.hidden);
    if (!canvas || !this.picture) return;
    this.place = zoomed(this.place, factor, at ?? [canvas.width / 2, canvas.height / 2]);
    this.isFit = false;
    this.#draw();
  }

  /** An arrow key moves both where they are larger than their places; else it goes to another plane. @param {number} right @param {number} down @param {boolean} isFine */
  #arrow(right, down, isFine) {
    const canvas = this.canvases.find((_each, side) => !this.figures[side]?.hidden);
    if (this.isFit || !canvas) return this.go(this.index + right + down);
    const part = isFine ? FINE : PART;
    this.place = moved(this.place, -right * canvas.width * part, -down * canvas.height * part);
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { shiftKey } = event;
    /** @type {Record<string, () => void>} */
    const keys = {
      n: () => this.go(this.index + 1),
      p: () => this.go(this.index - 1),
      ArrowRight: () => this.#arrow(1, 0, shiftKey),
      ArrowLeft: () => this.#arrow(-1, 0, shiftKey),
      ArrowDown: () => this.#arrow(0, 1, shiftKey),
      ArrowUp: () => this.#arrow(0, -1, shiftKey),
      Home: () => this.go(0),
      End: () => this.go(this.planes.length - 1),
      u: () => this.#nextChanged(),
      b: () => this.#blink(),
      s: () => this.#setBlinks(false),
      v: () => this.#voi(),
      "+": () => this.#zoom(STEP),
      ">": () => this.#zoom(STEP),
      ".": () => this.#zoom(STEP),
      "-": () => this.#zoom(1 / STEP),
      "<": () => this.#zoom(1 / STEP),
      ",": () => this.#zoom(1 / STEP),
      0: () => this.#fit(),
    };
    const work = keys[event.key];
    if (!work) return;
    event.preventDefault();
    work();
  }

  #hands() {
    const ratio = () => window.devicePixelRatio || 1;
    /** @type {[number, number]|null} */
    let held = null;
    this.panes.addEventListener(
      "wheel",
      (event) => {
        const canvas = event.target instanceof HTMLCanvasElement ? event.target : null;
        if (!canvas || !event.deltaY) return;
        event.preventDefault();
        const edge = canvas.getBoundingClientRect();
        const at = /** @type {[number, number]} */ ([(event.clientX - edge.left) * ratio(), (event.clientY - edge.top) * ratio()]);
        this.#zoom(event.deltaY < 0 ? STEP : 1 / STEP, at);
      },
      { passive: false },
    );
    this.panes.addEventListener("pointerdown", (event) => {
      if (event.button > 1 || !(event.target instanceof HTMLCanvasElement)) return;
      held = [event.clientX, event.clientY];
      this.panes.setPointerCapture(event.pointerId);
    });
    this.panes.addEventListener("pointermove", (event) => {
      if (!held) return;
      this.place = moved(this.place, (event.clientX - held[0]) * ratio(), (event.clientY - held[1]) * ratio());
      held = [event.clientX, event.clientY];
      this.isFit = false;
      this.#draw();
    });
    const release = () => (held = null);
    this.panes.addEventListener("pointerup", release);
    this.panes.addEventListener("pointercancel", release);
  }

  #forget() {
    this.loading?.abort();
    this.loading = null;
    this.number = -1;
    this.picture?.close();
    this.picture = null;
    this.remark = "";
    delete this.dialog.dataset.plane;
    this.#setBlinks(false);
  }
}
