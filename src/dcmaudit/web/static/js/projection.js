/** All planes of a group in one picture, as it grows: which plane made a pixel, the way there, and rectangles for all of them. */

import { Api } from "./api.js";
import { capital, make, setText, settled } from "./dom.js";
import { placeOf } from "./imageplace.js";
import { outlined } from "./outlined.js";
import { ProjectionHand } from "./projectionhand.js";
import { footWords } from "./projectionwords.js";
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
 * @property {() => boolean} canMark
 * @property {() => boolean} isShown
 * @property {AbortSignal} signal  ends every question once it is not shown any more
 * @property {(shown: [number, number], ticket: string) => Promise<boolean>} seen  note how large it was painted
 * @property {(box: Edges) => Promise<boolean>} mark  store a rectangle for all its planes
 * @property {(found: {index: number|null, file_id: number, key: string}) => void} go
 */

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
    this.hand = new ProjectionHand({
      root: this.root,
      image: this.image,
      canMark: host.canMark,
      draw: () => this.#draw(),
      name: (at) => (at ? void this.#name(at) : setText(host.here, "")),
      go: (at) => void this.#go(at),
      mark: (box) => void this.#mark(box),
    });
    this.root.append(this.image, this.hand.frame, this.hand.cross);
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
    /** @type {import("./stackmarks.js").Mark[]} marks on all of its planes */
    this.marks = [];
    /** @type {Point|null} the pixel that is asked about next */
    this.asked = null;
    this.asking = false;
    /** @type {[number, number]} */
    this.reported = [0, 0];
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.uncovering = undefined;
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
    this.hand.tell();
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
    const { foot, group, lone, onward, sheet, canMark } = this.host;
    const { through, leftOut, limits, sheets, alone } = this;
    setText(foot, footWords({ through, leftOut, limits, lone, small, sheet, sheets, alone, onward, isSeries: group.index === "series", canMark: canMark() }));
    this.host.told?.();
    foot.dataset.bad = leftOut || limits || lone || alone || small ? "yes" : "no";
  }

  #draw() {
    if (!this.image.naturalWidth) return;
    const { left, top, scale } = placeOf(this.image);
    const area = this.root.getBoundingClientRect();
    for (const old of this.root.querySelectorAll('[data-kind="mark"]')) old.remove();
    for (const mark of this.marks) this.hand.frame.before(outlined(mark, (x, y) => [left - area.left + x * scale, top - area.top + y * scale]));
    this.hand.draw(([x0, y0, x1, y1]) => [left - area.left + x0 * scale, top - area.top + y0 * scale, left - area.left + x1 * scale, top - area.top + y1 * scale]);
  }

  /** @param {Edges} box */
  async #mark(box) {
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

  /** Go to the plane that makes the projection what it is at a pixel. @param {Point} at */
  async #go([column, row]) {
    const { host } = this;
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
