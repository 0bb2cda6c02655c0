/**
 * The strip of planes: one tick a plane, in groups. Filled once the server has stored that it was seen, half filled from
 * above when a part of it was, in the middle after a glance, at its foot when skipped; a dot when marked,
 * a warm line below where text is likely. Click, drag or keys go.
 */

import { byId, make, setHidden, settled } from "./dom.js";
import { GAP, indexAt, lanesOf } from "./lanes.js";
import { clamp } from "./rectangle.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").GroupState} GroupState */
/** @typedef {import("./lanes.js").Lane} Lane */

/** Where ticks begin below the edge of the strip, and how high they are. */
const TOP = 8;
const HEIGHT = 16;

/** Room between two ticks, where they are wide enough. @param {Lane} lane */
const gapOf = ({ step }) => (step >= 4 ? 1 : 0);

export class Strip {
  /**
   * @param {import("./api.js").Api} api
   * @param {(index: number) => void} go
   */
  constructor(api, go) {
    this.api = api;
    this.go = go;
    this.root = byId("strip", HTMLElement);
    this.canvas = byId("stripcanvas", HTMLCanvasElement);
    this.labels = byId("striplabels", HTMLElement);
    this.peek = byId("peek", HTMLElement);
    this.picture = byId("peekimage", HTMLImageElement);
    this.caption = byId("peektext", HTMLElement);
    /** @type {Lane[]} */
    this.lanes = [];
    /** @type {ViewState|null} */
    this.state = null;
    this.laid = "";
    /** @type {{theme: string, empty: string, seen: string, here: string, mark: string, bad: string, heat: string}|null} */
    this.palette = null;
    this.dragging = false;
    this.hovered = -1;
    /** Ends the question about a plane that the mouse has left. */
    this.questions = new AbortController();
    this.showPeek = settled(() => void this.#peek(), 120);
    this.canvas.addEventListener("pointerdown", (event) => this.#down(event));
    this.canvas.addEventListener("pointermove", (event) => this.#move(event));
    this.canvas.addEventListener("pointerup", () => {
      this.dragging = false;
      // the keys are the stage's again; who came here with Tab stays
      document.getElementById("stage")?.focus({ preventScroll: true });
    });
    this.canvas.addEventListener("pointerleave", () => this.unpeek());
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.picture.addEventListener("error", () => (this.picture.hidden = true));
    this.picture.addEventListener("load", () => (this.picture.hidden = false));
    /** The canvas in CSS pixels: asking for it in the middle of a change would make the browser lay out the page. */
    this.size = { width: 0, height: 0 };
    /** What changes seldom, drawn once: everything but where one is. */
    this.base = document.createElement("canvas");
    /** @type {unknown[]} what it was drawn from */
    this.drawn = [];
    /** What of it the canvas shows. @type {unknown[]|null} */
    this.shown = null;
    /** Where the bar is that says where one is, in CSS pixels. */
    this.here = { left: 0, width: 0 };
    /** The group whose name is marked. */
    this.group = -1;
    new ResizeObserver(() => {
      this.laid = "";
      this.size = { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
      this.draw();
    }).observe(this.canvas);
    for (const query of ["(prefers-color-scheme: dark)"]) matchMedia(query).addEventListener("change", () => this.draw());
  }

  get count() {
    return this.state?.groups.reduce((sum, group) => sum + group.count, 0) ?? 0;
  }

  /** @param {ViewState} state */
  update(state) {
    const file = state.file?.file_id;
    if (file !== this.state?.file?.file_id) this.unpeek();
    this.state = state;
    setHidden(this.root, this.count < 2);
    if (this.root.hidden) return;
    const { plane } = state;
    this.canvas.setAttribute("aria-valuemax", String(this.count));
    this.canvas.setAttribute("aria-valuenow", String(plane?.number ?? 1));
    const group = plane ? state.groups[plane.group] : undefined;
    const likely = plane && group?.heat.some(([from, to]) => plane.position >= from && plane.position < to);
    this.canvas.setAttribute("aria-valuetext", `${plane?.title ?? ""}${likely ? ", text is likely here" : ""}`);
    this.draw();
  }

  #lay() {
    const groups = this.state?.groups ?? [];
    this.lanes = lanesOf(groups, this.size.width);
    this.group = -1;
    this.labels.replaceChildren(
      ...this.lanes.map((lane) => {
        const text = lane.group.count > 1 ? `${lane.group.title} (${lane.group.count})` : lane.group.title;
        const label = make("span", "", text);
        label.style.left = `${lane.left}px`;
        label.style.width = `${lane.width + GAP - 2}px`;
        label.title = lane.group.reason ? `${text}: ${lane.group.reason}` : text;
        if (lane.group.reason) label.dataset.bad = "yes";
        return label;
      }),
    );
  }

  draw() {
    const { state, canvas, size } = this;
    if (!state || this.root.hidden || !size.width) return;
    const ratio = window.devicePixelRatio;
    this.#drawBase(state, ratio);
    const { width, height } = this.base;
    const context = canvas.getContext("2d");
    if (!context) return;
    const isSame = canvas.width === width && canvas.height === height && this.shown === this.drawn;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    context.setTransform(1, 0, 0, 1, 0, 0);
    // A step moves one bar: only what was below it is drawn again.
    const [left, across] = isSame ? [Math.max(0, Math.floor(this.here.left * ratio) - 1), Math.ceil(this.here.width * ratio) + 2] : [0, width];
    context.clearRect(left, 0, across, height);
    if (across && left < width) context.drawImage(this.base, left, 0, across, height, left, 0, across, height);
    this.shown = this.drawn;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#drawHere(context, state);
    this.#label(state.plane?.group ?? -1);
  }

  /** The name of the group that one is in. @param {number} group */
  #label(group) {
    if (group === this.group) return;
    this.group = group;
    [...this.labels.children].forEach((label, place) => {
      if (label instanceof HTMLElement) label.dataset.here = place === group ? "yes" : "no";
    });
  }

  /** @param {ViewState} state @param {number} ratio */
  #drawBase(state, ratio) {
    const { base, size } = this;
    const colours = this.#colours();
    const from = [state.groups, state.file?.file_id, size, ratio, colours];
    if (this.laid && from.every((each, place) => each === this.drawn[place])) return;
    this.drawn = from;
    const signature = `${size.width}|${state.file?.file_id}|${state.groups.map(({ title, count }) => title + count).join()}`;
    if (signature !== this.laid) this.#lay();
    this.laid = signature;
    base.width = Math.round(size.width * ratio);
    base.height = Math.round(size.height * ratio);
    const context = base.getContext("2d");
    if (!context) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.lanes.forEach((lane, place) => this.#drawLane(context, lane, state.groups[place] ?? lane.group, colours));
  }

  /** @param {CanvasRenderingContext2D} context @param {ViewState} state */
  #drawHere(context, { plane }) {
    const lane = plane ? this.lanes[plane.group] : undefined;
    this.here = { left: 0, width: 0 };
    if (!lane || !plane) return;
    const inner = lane.step - gapOf(lane);
    const width = Math.max(3, inner);
    const left = lane.left + plane.position * lane.step - (width - inner) / 2;
    this.here = { left, width };
    context.fillStyle = this.#colours().here;
    context.fillRect(left, TOP - 2, width, HEIGHT + 2);
  }

  /** The theme's colours; reading them makes the browser work out every style, so they are kept for a theme. */
  #colours() {
    const theme = document.documentElement.dataset.theme ?? "";
    if (this.palette?.theme === theme) return this.palette;
    const style = getComputedStyle(document.documentElement);
    this.palette = {
      theme,
      empty: style.getPropertyValue("--line"),
      seen: style.getPropertyValue("--soft"),
      here: style.getPropertyValue("--accent"),
      mark: style.getPropertyValue("--warn"),
      bad: style.getPropertyValue("--bad"),
      heat: style.getPropertyValue("--heat"),
    };
    return this.palette;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Lane} lane
   * @param {GroupState} group
   * @param {{empty: string, seen: string, here: string, mark: string, bad: string, heat: string}} colours
   */
  #drawLane(context, lane, group, colours) {
    const { step } = lane;
    const gap = gapOf(lane);
    const top = TOP;
    const height = HEIGHT;
    /** @param {number} from @param {number} to @param {string} colour @param {number} y @param {number} h */
    const bar = (from, to, colour, y, h) => {
      context.fillStyle = colour;
      if (!gap) context.fillRect(lane.left + from * step, y, Math.max(1, (to - from) * step), h);
      else for (let i = from; i < to; i += 1) context.fillRect(lane.left + i * step, y, step - gap, h);
    };
    bar(0, group.count, group.reason ? colours.bad : colours.empty, top, height);
    for (const [from, to] of group.skipped) bar(from, to, colours.seen, top + height - 4, 4);
    for (const [from, to] of group.glanced) bar(from, to, colours.seen, top + height / 4, height / 2);
    for (const place of group.partly) bar(place, place + 1, colours.seen, top, (height * 5) / 8);
    for (const [from, to] of group.seen) bar(from, to, colours.seen, top, height);
    // Height and strength say how likely: a colour alone would not reach everybody.
    for (const [from, to, level] of group.heat) {
      context.globalAlpha = 0.35 + 0.65 * level;
      bar(from, to, colours.heat, top + height + 1 + 4 * (1 - level), 4 * level);
      context.globalAlpha = 1;
    }
    for (const place of group.marked) {
      context.fillStyle = colours.mark;
      context.beginPath();
      context.arc(lane.left + (place + 0.5) * step, 3.5, 2.5, 0, 2 * Math.PI);
      context.fill();
    }
  }

  /** @param {MouseEvent} event @returns {number} the place in the whole list */
  #at(event) {
    const x = event.clientX - this.canvas.getBoundingClientRect().left;
    return indexAt(this.lanes, x);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.unpeek();
    // Meant by itself, it waits its turn; what a drag goes over may be left out where something is under way.
    this.#go(this.#at(event));
    this.dragging = true;
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const index = this.#at(event);
    if (this.dragging) {
      this.#go(index);
    } else if (index !== this.hovered) {
      this.hovered = index;
      const lane = this.lanes.find(({ group }) => index >= group.start && index < group.start + group.count);
      const left = event.clientX - this.root.getBoundingClientRect().left - 88;
      this.peek.style.left = `${clamp(left, 8, this.root.clientWidth - 184)}px`;
      if (lane) this.showPeek();
    }
  }

  /** @param {number} index */
  #go(index) {
    if (index >= 0 && index !== this.state?.plane?.index) this.go(index);
  }

  async #peek() {
    const file = this.state?.file;
    const wanted = this.hovered;
    if (!file || wanted < 0 || this.dragging) return;
    try {
      const { planes } = await this.api.planes(file.file_id, wanted, 1, this.questions.signal);
      const plane = planes[0];
      if (!plane || wanted !== this.hovered) return;
      const group = this.state?.groups[plane.group];
      const level = group ? Math.max(0, ...group.heat.filter(([from, to]) => wanted >= group.start + from && wanted < group.start + to).map(([, , each]) => each)) : 0;
      this.caption.textContent = level ? `${plane.title}: ${level >= 0.7 ? "text is likely" : "some text"}` : plane.title;
      if (plane.kind === "not audited") this.picture.hidden = true;
      else this.picture.src = this.api.thumb(file.file_id, plane.key);
      this.peek.hidden = false;
    } catch {
      this.unpeek(); // a preview is no reason to disturb anybody
    }
  }

  /** No plane is shown small: the mouse is elsewhere, or another file comes. */
  unpeek() {
    this.hovered = -1;
    this.questions.abort();
    this.questions = new AbortController();
    this.peek.hidden = true;
    this.picture.removeAttribute("src");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const here = this.state?.plane?.index;
    if (here === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const last = this.count - 1;
    const places = /** @type {Record<string, number>} */ ({
      ArrowRight: here + 1, ArrowUp: here + 1, ArrowLeft: here - 1, ArrowDown: here - 1,
      PageUp: here - 10, PageDown: here + 10, Home: 0, End: last,
    });
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#go(clamp(place, 0, last));
  }
}
