/**
 * All planes of a group in one picture, as it grows: which plane made a pixel, the way there, and rectangles for all of
 * them. A cross does by keys what the mouse does.
 */

import { Api } from "./api.js";
import { capital, make, setText, settled } from "./dom.js";
import { between, pixelOf, placeOf } from "./imageplace.js";
import { outlined } from "./outlined.js";
import { footWords } from "./projectionwords.js";
import { clamp } from "./rectangle.js";
import { COVERED, isInFront } from "./sight.js";

/** @typedef {{index: number|"series", title: string, count: number}} Stack  a group of the file, or the frames of a series */
/** @typedef {import("./types.js").Edges} Edges */
/** @typedef {import("./imageplace.js").Point} Point */

/**
 * @typedef {object} ProjectionHost
 * @property {import("./api.js").Api} api
 * @property {number} file
 * @property {Stack} group
 * @property {string} how
 * @property {number} sheet  of the text map, from 0
 * @property {(count: number) => void} sheets  told how many sheets there are
 * @property {() => void} whole  told that all planes are in it
 * @property {string} lone  what to say where there is one plane alone
 * @property {string} onward  the key that goes to planes that no sheet shows
 * @property {HTMLElement} foot
 * @property {HTMLElement} here  where it is said which plane made the pixel under the cursor
 * @property {(() => void)|undefined} told  told that what there is to say of it is another thing now
 * @property {() => boolean} isShown
 * @property {AbortSignal} signal  ends every question once it is not shown any more
 * @property {(shown: [number, number], ticket: string) => Promise<boolean>} seen  note how large it was painted
 * @property {(box: Edges) => Promise<boolean>} mark  store a rectangle for all its planes
 * @property {(found: {index: number|null, file_id: number, key: string}) => void} go
 */

/** An arrow key moves the cross by this part of the picture; with Shift by one pixel. */
const STEP = 1 / 40;

/** CSS pixels that the mouse moves before it draws. */
const DRAWS = 3;

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

/** What went wrong, among other sentences. @param {unknown} error */
function sentence(error) {
  const words = error instanceof Error ? capital(error.message) : "";
  return words && !words.endsWith(".") ? `${words}.` : words;
}

export class Projection {
  /** @param {ProjectionHost} host */
  constructor(host) {
    this.host = host;
    this.root = make("button", "");
    this.root.type = "button";
    this.image = make("img", "");
    this.image.alt = `${host.how} of ${host.group.title}`;
    this.image.draggable = false;
    this.cross = make("span", "cross");
    this.cross.hidden = true;
    this.frame = make("span", "drawn");
    this.frame.hidden = true;
    this.root.append(this.image, this.frame, this.cross);
    this.leftOut = 0;
    /** what the series may lack, and what its size hides, as the foot says it */
    this.limits = this.small = "";
    /** why it cannot be shown */
    this.failed = "";
    this.ticket = "";
    /** sheets of the text map, and planes with writing that none of them shows */
    this.sheets = 1;
    this.alone = 0;
    /** @type {[number, number]} planes that are in the picture, and all */
    this.through = [0, host.group.count];
    /** @type {Point|null} where the cross is */
    this.point = null;
    /** @type {Point|null} where a rectangle begins */
    this.anchor = null;
    /** @type {{pointer: number, at: [number, number], from: Point, drew: boolean}|null} */
    this.drag = null;
    /** @type {import("./stackmarks.js").Mark[]} marks on all of its planes */
    this.marks = [];
    /** @type {Point|null} the pixel that is asked about next */
    this.asked = null;
    this.asking = false;
    /** @type {[number, number]} */
    this.reported = [0, 0];
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.uncovering = undefined;
    this.root.addEventListener("click", (event) => void this.#click(event));
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.root.addEventListener("pointerdown", (event) => this.#down(event));
    this.root.addEventListener("pointermove", (event) => this.#move(event));
    this.root.addEventListener("pointercancel", () => this.#dropDrag());
    this.root.addEventListener("pointerup", (event) => this.#up(event));
    this.root.addEventListener("pointerleave", () => setText(host.here, ""));
    this.later = settled(() => void this.#report(), 250);
    this.sizes = new ResizeObserver(() => {
      if (!host.isShown()) this.sizes.disconnect();
      else if (this.image.naturalWidth) {
        this.#draw();
        this.later();
      }
    });
  }

  focus() {
    this.root.focus();
  }

  get isWhole() {
    return this.through[0] >= this.through[1];
  }

  /** Fetch and show it, again and again until all planes are in it. */
  async load() {
    const { host } = this;
    setText(host.foot, "Projecting…");
    this.#tell();
    do {
      try {
        await this.#fetch();
      } catch (error) {
        const why = sentence(error);
        this.failed = `This group cannot be projected. ${why} Look at its planes one by one.`;
        if (host.isShown()) setText(host.foot, this.failed);
        host.told?.();
        return;
      }
      if (!host.isShown()) return;
      this.#draw();
      this.#foot("");
    } while (!this.isWhole);
    host.whole();
    requestAnimationFrame(() => {
      void this.#report();
      this.sizes.observe(this.root);
    });
  }

  async #fetch() {
    const { host } = this;
    const url = host.api.projection(host.file, host.group.index, host.how, this.through[0], host.sheet);
    const { blob, leftOut, through, ticket, sheets, alone } = await Api.picture(url, `${host.file}/${host.group.index === "series" ? "" : "g"}${host.group.index}`, host.signal);
    this.leftOut = leftOut;
    this.through = through;
    this.ticket = ticket;
    // The server tells them with every view of the stack, and they are of the text map alone.
    const isText = host.how === "text";
    this.sheets = isText ? sheets : 1;
    this.alone = isText ? alone : 0;
    if (isText && this.isWhole) host.sheets(sheets);
    if (!blob.size) return;
    const local = URL.createObjectURL(blob);
    try {
      this.image.src = local;
      await this.image.decode();
    } finally {
      URL.revokeObjectURL(local);
    }
  }

  /** Outline what is black on all of its planes. @param {import("./stackmarks.js").Mark[]} marks */
  outline(marks) {
    this.marks = marks;
    this.#draw();
  }

  /** What the series may lack: folders are read to their end while somebody looks, and the foot has to follow. @param {string} limits */
  limit(limits) {
    if (limits === this.limits) return;
    this.limits = limits;
    if (this.through[0]) this.#foot(this.small);
  }

  /** Say how many of its pixels are on the screen: the server notes what kind of glance that was. */
  async #report() {
    const { host } = this;
    clearTimeout(this.uncovering);
    if (!host.isShown() || !this.ticket) return;
    const { left, top, scale, width, height } = placeOf(this.image);
    const part = Math.min(1, scale * window.devicePixelRatio);
    /** @type {[number, number]} */
    const shown = [Math.floor(width * part), Math.floor(height * part)];
    if (shown[0] <= this.reported[0] && shown[1] <= this.reported[1]) return;
    // What lies over it is waited for, as over the stage: a picture below a dialog was not shown to anybody.
    if (!isInFront({ left, top, right: left + width * scale, bottom: top + height * scale })) {
      this.uncovering = setTimeout(() => void this.#report(), COVERED);
      if (!this.small) this.#foot("Something lies over it: it counts as shown once that is gone.");
      return;
    }
    this.reported = shown;
    await host.seen(shown, this.ticket);
    if (!host.isShown()) return;
    // In a narrow window it has all of the page already: see panes.css.
    const panes = matchMedia("(max-width: 760px)").matches ? "" : ", [ and ] fold the panes away";
    this.#foot(part < 0.5 ? `Shown at ${Math.round(part * 100)} %: small text is lost. A larger window helps${panes}.` : "");
  }

  /** @param {string} small */
  #foot(small) {
    this.small = small;
    const { foot, group, lone, onward, sheet } = this.host;
    const { through, leftOut, limits, sheets, alone } = this;
    setText(foot, footWords({ through, leftOut, limits, lone, small, sheet, sheets, alone, onward, isSeries: group.index === "series" }));
    this.host.told?.();
    foot.dataset.bad = leftOut || limits || lone || alone || small ? "yes" : "no";
  }

  #tell() {
    const where = this.point ? `Cross at ${this.point[0]}, ${this.point[1]}. ` : "";
    const what = this.anchor ? "Arrow keys stretch the rectangle, Enter marks it on all planes, Escape drops it" : "Arrow keys move the cross, Enter goes to the plane that shows there, Space draws a rectangle";
    this.root.setAttribute("aria-label", where + what);
  }

  #draw() {
    if (!this.image.naturalWidth) return;
    const { left, top, scale } = placeOf(this.image);
    const area = this.root.getBoundingClientRect();
    /** @param {HTMLElement} shape @param {Edges} box */
    const put = (shape, [x0, y0, x1, y1]) => {
      shape.style.left = `${left - area.left + x0 * scale}px`;
      shape.style.top = `${top - area.top + y0 * scale}px`;
      shape.style.width = `${(x1 - x0) * scale}px`;
      shape.style.height = `${(y1 - y0) * scale}px`;
    };
    for (const old of this.root.querySelectorAll('[data-kind="mark"]')) old.remove();
    for (const mark of this.marks) this.frame.before(outlined(mark, (x, y) => [left - area.left + x * scale, top - area.top + y * scale]));
    this.frame.hidden = !this.anchor || !this.point;
    if (this.anchor && this.point) put(this.frame, between(this.anchor, this.point));
    this.cross.hidden = !this.point || this.drag !== null;
    if (!this.point) return;
    this.cross.style.left = `${left - area.left + (this.point[0] + 0.5) * scale}px`;
    this.cross.style.top = `${top - area.top + (this.point[1] + 0.5) * scale}px`;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !this.image.naturalWidth) return;
    const arrow = ARROWS[event.key];
    const { naturalWidth: width, naturalHeight: height } = this.image;
    const [x, y] = this.point ?? [Math.floor(width / 2), Math.floor(height / 2)];
    if (event.key === " ") {
      if (event.repeat) return event.preventDefault();
      this.point = [x, y];
      this.anchor = this.anchor ? null : [x, y];
    } else if (event.key === "Escape" && this.anchor) this.anchor = null;
    else if (event.key === "Enter" && this.anchor && this.point) void this.#mark(between(this.anchor, this.point));
    else if (arrow) {
      const step = event.shiftKey ? 1 : Math.max(1, Math.round(Math.max(width, height) * STEP));
      this.point = [clamp(x + arrow[0] * step, 0, width - 1), clamp(y + arrow[1] * step, 0, height - 1)];
      void this.#name(this.point);
    } else return;
    event.preventDefault();
    event.stopPropagation();
    this.#draw();
    this.#tell();
  }

  // The mouse

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0 || !this.image.naturalWidth) return;
    this.drag = { pointer: event.pointerId, at: [event.clientX, event.clientY], from: pixelOf(this.image, event).at, drew: false };
    this.root.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.image.naturalWidth) return;
    const { at, isInside } = pixelOf(this.image, event);
    const { drag } = this;
    if (!drag) {
      if (isInside) void this.#name(at);
      else setText(this.host.here, "");
      return;
    }
    drag.drew ||= Math.hypot(event.clientX - drag.at[0], event.clientY - drag.at[1]) >= DRAWS;
    if (!drag.drew) return;
    [this.anchor, this.point] = [drag.from, at];
    this.#draw();
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const { drag } = this;
    if (!drag?.drew || drag.pointer !== event.pointerId) return;
    void this.#mark(between(drag.from, pixelOf(this.image, event).at));
  }

  #dropDrag() {
    this.drag = null;
    this.anchor = null;
    this.point = null;
    this.#draw();
  }

  /** @param {Edges} box */
  async #mark(box) {
    this.anchor = null;
    await this.host.mark(box);
    if (this.host.isShown()) this.#draw();
  }

  /** Say which plane made a pixel: one question at a time, the last one counts. @param {Point} at */
  async #name(at) {
    this.asked = at;
    if (this.asking) return;
    this.asking = true;
    const { host } = this;
    try {
      while (this.asked && host.isShown()) {
        const [x, y] = this.asked;
        this.asked = null;
        const { title } = await host.api.drill(host.file, host.group.index, host.how, x, y, host.sheet, host.signal);
        if (host.isShown()) setText(host.here, `${title} at ${x}, ${y}`);
      }
    } catch {
      setText(host.here, "");
    } finally {
      this.asking = false;
    }
  }

  /**
   * Go to the plane that makes the projection what it is at the point of the click, or with a key at the cross.
   * @param {MouseEvent} event
   */
  async #click(event) {
    const { host, drag } = this;
    this.drag = null;
    if (!this.image.naturalWidth) return;
    if (drag?.drew) {
      this.point = null;
      this.#draw();
      return;
    }
    const { width, height } = placeOf(this.image);
    const isKey = event.detail === 0;
    const middle = /** @type {Point} */ ([Math.floor(width / 2), Math.floor(height / 2)]);
    const [column, row] = isKey ? (this.point ?? middle) : pixelOf(this.image, event).at;
    setText(host.foot, "Looking for the plane that shows there…");
    try {
      const found = await host.api.drill(host.file, host.group.index, host.how, column, row, host.sheet, host.signal);
      if (host.isShown()) host.go(found);
    } catch (error) {
      const why = sentence(error);
      if (!host.isShown()) return;
      this.small = `The plane that shows there was not found. ${why} Look at the planes one by one.`;
      setText(host.foot, this.small);
      host.told?.();
    }
  }
}
