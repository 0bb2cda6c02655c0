/** All planes of a group in one picture: a cross to choose a point of it, and the way to the plane that shows there. */

import { Api } from "./api.js";
import { counted, make, setText, settled } from "./dom.js";
import { clamp } from "./rectangle.js";

/** @typedef {import("./types.js").GroupState} GroupState */

/**
 * @typedef {object} ProjectionHost
 * @property {import("./api.js").Api} api
 * @property {number} file
 * @property {GroupState} group
 * @property {string} how
 * @property {HTMLElement} foot
 * @property {() => boolean} isShown
 * @property {(shown: [number, number], ticket: string) => Promise<boolean>} seen  note how large it was painted
 * @property {(index: number) => void} go
 */

/** An arrow key moves the cross by this part of the picture; with Shift by one pixel. */
const STEP = 1 / 40;

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

export class Projection {
  /** @param {ProjectionHost} host */
  constructor(host) {
    this.host = host;
    this.root = make("button", "");
    this.root.type = "button";
    this.image = make("img", "");
    this.image.alt = `${host.how} of ${host.group.title}`;
    this.cross = make("span", "cross");
    this.cross.hidden = true;
    this.root.append(this.image, this.cross);
    this.leftOut = 0;
    this.ticket = "";
    /** @type {[number, number]|null} in pixels of the plane */
    this.point = null;
    /** @type {[number, number]} */
    this.reported = [0, 0];
    this.root.addEventListener("click", (event) => void this.#drill(event));
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.later = settled(() => void this.#report(), 250);
    this.sizes = new ResizeObserver(() => {
      if (!host.isShown()) this.sizes.disconnect();
      else if (this.image.naturalWidth) {
        this.#draw();
        this.later();
      }
    });
  }

  /** Fetch and show it. */
  async load() {
    const { host } = this;
    setText(host.foot, "Projecting…");
    this.#tell();
    try {
      this.leftOut = await this.#fetch();
    } catch (error) {
      const why = error instanceof Error ? error.message : "";
      if (host.isShown()) setText(host.foot, `This group cannot be projected. ${why} Look at its planes one by one.`);
      return;
    }
    if (!host.isShown()) return;
    this.#foot("");
    requestAnimationFrame(() => {
      void this.#report();
      this.sizes.observe(this.root);
    });
  }

  /** @returns {Promise<number>} planes that were left out */
  async #fetch() {
    const { host } = this;
    const url = host.api.projection(host.file, host.group.index, host.how);
    const { blob, leftOut, ticket } = await Api.picture(url, `${host.file}/g${host.group.index}`);
    this.ticket = ticket;
    const local = URL.createObjectURL(blob);
    try {
      this.image.src = local;
      await this.image.decode();
    } finally {
      URL.revokeObjectURL(local);
    }
    return leftOut;
  }

  /** Where the picture lies within its box, and how large a pixel of it is there, in CSS pixels. */
  #place() {
    const { naturalWidth, naturalHeight } = this.image;
    const area = this.image.getBoundingClientRect();
    const scale = Math.min(area.width / naturalWidth, area.height / naturalHeight);
    const left = area.left + (area.width - naturalWidth * scale) / 2;
    const top = area.top + (area.height - naturalHeight * scale) / 2;
    return { left, top, scale, width: naturalWidth, height: naturalHeight };
  }

  /** Say how many of its pixels are on the screen: the server notes what kind of glance that was. */
  async #report() {
    const { host } = this;
    if (!host.isShown() || document.visibilityState !== "visible") return;
    const { scale, width, height } = this.#place();
    const part = Math.min(1, scale * window.devicePixelRatio);
    /** @type {[number, number]} */
    const shown = [Math.floor(width * part), Math.floor(height * part)];
    if (shown[0] <= this.reported[0] && shown[1] <= this.reported[1]) return;
    this.reported = shown;
    await host.seen(shown, this.ticket);
    if (!host.isShown()) return;
    this.#foot(part < 0.5 ? `Shown at ${Math.round(part * 100)} %: small text is lost. A larger window helps, [ and ] fold the panes away.` : "");
  }

  /** @param {string} small */
  #foot(small) {
    const { foot, group } = this.host;
    const lacking = this.leftOut ? ` ${counted(this.leftOut, "plane")} could not be read and must be looked at alone.` : "";
    const go = " A click goes to the plane that shows there; arrow keys move a cross, Enter goes.";
    setText(foot, `${counted(group.count - this.leftOut, "plane")} in one picture.${lacking} It is a glance: what others hide does not show, and no plane counts as seen. ${small || go}`);
    foot.dataset.bad = this.leftOut || small ? "yes" : "no";
  }

  #tell() {
    const where = this.point ? `Cross at ${this.point[0]}, ${this.point[1]}. ` : "";
    this.root.setAttribute("aria-label", `${where}Arrow keys move the cross, Enter goes to the plane that shows there`);
  }

  #draw() {
    if (!this.point) return;
    const { left, top, scale } = this.#place();
    const area = this.root.getBoundingClientRect();
    this.cross.style.left = `${left - area.left + (this.point[0] + 0.5) * scale}px`;
    this.cross.style.top = `${top - area.top + (this.point[1] + 0.5) * scale}px`;
    this.cross.hidden = false;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const arrow = ARROWS[event.key];
    if (!arrow || event.ctrlKey || event.altKey || event.metaKey || !this.image.naturalWidth) return;
    event.preventDefault();
    event.stopPropagation();
    const { naturalWidth: width, naturalHeight: height } = this.image;
    const [x, y] = this.point ?? [Math.floor(width / 2), Math.floor(height / 2)];
    const step = event.shiftKey ? 1 : Math.max(1, Math.round(Math.max(width, height) * STEP));
    this.point = [clamp(x + arrow[0] * step, 0, width - 1), clamp(y + arrow[1] * step, 0, height - 1)];
    this.#draw();
    this.#tell();
  }

  /**
   * Go to the plane that makes the projection what it is at the point of the click, or with a key at the cross.
   * @param {MouseEvent} event
   */
  async #drill(event) {
    const { host } = this;
    if (!this.image.naturalWidth) return;
    const { left, top, scale, width, height } = this.#place();
    const isKey = event.detail === 0;
    const middle = [Math.floor(width / 2), Math.floor(height / 2)];
    const [x, y] = isKey ? (this.point ?? middle) : [(event.clientX - left) / scale, (event.clientY - top) / scale];
    const [column, row] = [clamp(Math.floor(x ?? 0), 0, width - 1), clamp(Math.floor(y ?? 0), 0, height - 1)];
    setText(host.foot, "Looking for the plane that shows there…");
    try {
      const index = await host.api.drill(host.file, host.group.index, host.how, column, row);
      if (host.isShown()) host.go(index ?? host.group.start);
    } catch (error) {
      const why = error instanceof Error ? error.message : "";
      if (host.isShown()) setText(host.foot, `The plane that shows there was not found. ${why} Look at the planes one by one.`);
    }
  }
}
