/** A grid of small pictures of which only those in sight exist, for there may be a hundred thousand. */

import { make, setText, setTitle, stamp, symbol, within } from "./dom.js";
import { COVERED, isInFront } from "./sight.js";
import { Choice, moved, SIZES, TileWindow } from "./tilegrid.js";

/** @typedef {import("./types.js").Edges} Edges */
/**
 * @typedef {object} Tile  what one tile shows
 * @property {string|null} src  its picture; null where there is none
 * @property {string} title
 * @property {string} tip
 * @property {string} label  what a screen reader says besides
 * @property {string} sign  the name of the sign of its state; empty for none
 * @property {string} why  why it stands apart, in few words
 * @property {boolean} here  whether it is open
 * @property {[number, number]|null} size  of its plane
 * @property {Edges[]} marks
 * @property {Edges[]} found
 * @property {string} [key]
 */
/**
 * @typedef {object} TileHost
 * @property {(index: number) => Tile|null} tile  null where it is not known yet
 * @property {(first: number, end: number) => void} want  these are in sight
 * @property {(index: number) => void} open
 * @property {() => void} [changed]  another choice
 * @property {(index: number) => void} [sighted]  the picture of this tile was in sight
 */

/** Milliseconds without scrolling after which pictures are fetched: nobody sees what flies past. */
const REST = 70;
/** Share of a tile that must be in sight for a glance. */
const SIGHTED = 0.6;
const SPACE = "http://www.w3.org/2000/svg";
let serial = 0;

export class Tiles {
  /** @param {TileHost} host @param {{chooses: boolean, size: number, label: string}} how */
  constructor(host, { chooses, size, label }) {
    this.host = host;
    this.chooses = chooses;
    this.size = size;
    this.choice = new Choice();
    /** @type {number[]} what the tiles stand for */
    this.ids = [];
    this.name = `tiles-${(serial += 1)}`;
    this.root = make("div", "tiles");
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "listbox");
    this.root.setAttribute("aria-label", label);
    if (chooses) this.root.setAttribute("aria-multiselectable", "true");
    this.space = make("div", "tiles-space");
    this.root.append(this.space);
    /** @type {Map<number, HTMLElement>} */
    this.nodes = new Map();
    /** @type {HTMLElement[]} */
    this.spare = [];
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.resting = undefined;
    this.frame = 0;
    this.root.addEventListener("scroll", () => this.#soon());
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.root.addEventListener("click", (event) => this.#click(event));
    this.root.addEventListener("dblclick", (event) => this.#open(this.#indexOf(event)));
    this.root.addEventListener("focus", () => this.draw());
    this.root.addEventListener("blur", () => this.draw());
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.root);
  }

  /** @param {number[]} ids @param {number} [focus] */
  show(ids, focus = 0) {
    this.ids = ids;
    this.choice.focus = this.choice.anchor = Math.min(focus, Math.max(0, ids.length - 1));
    for (const index of [...this.nodes.keys()]) this.#drop(index);
    this.root.scrollTop = 0;
    this.draw();
    this.reveal();
  }

  end() {
    this.watch.disconnect();
    clearTimeout(this.resting);
    cancelAnimationFrame(this.frame);
    for (const index of [...this.nodes.keys()]) this.#drop(index);
  }

  /** @param {number} step */
  resize(step) {
    const place = SIZES.indexOf(this.size) + step;
    const size = SIZES[Math.max(0, Math.min(SIZES.length - 1, place))];
    if (size === undefined || size === this.size) return;
    this.size = size;
    // pictures of another size are fetched anew
    for (const index of [...this.nodes.keys()]) this.#drop(index);
    this.draw();
    this.reveal();
  }

  get view() {
    const { clientWidth: width, clientHeight: height, scrollTop: scrolled } = this.root;
    return new TileWindow({ total: this.ids.length, width, height, scrolled, size: this.size });
  }

  reveal() {
    const wanted = this.view.revealing(this.choice.focus);
    if (Math.abs(wanted - this.root.scrollTop) >= 1) this.root.scrollTop = wanted;
  }

  #soon() {
    if (!this.frame) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    }
  }

  /** What a tile shows is another thing now. */
  refresh() {
    for (const [index, node] of this.nodes) {
      delete node.dataset.filled;
      this.#fill(node, index);
    }
    this.#rest();
  }

  draw() {
    const { view } = this;
    const height = `${view.full}px`;
    if (this.space.style.height !== height) this.space.style.height = height;
    const [first, end] = [view.first(1), view.end(1)];
    for (const index of [...this.nodes.keys()]) if (index < first || index >= end) this.#drop(index);
    const isFocused = document.activeElement === this.root;
    for (let index = first; index < end; index += 1) {
      const node = this.nodes.get(index) ?? this.#made(index);
      const [x, y] = view.at(index);
      const place = `translate(${x}px, ${y}px)`;
      if (node.style.transform !== place) node.style.transform = place;
      const width = `${this.size}px`;
      if (node.style.width !== width) node.style.width = width;
      this.#fill(node, index);
      node.setAttribute("aria-selected", String(this.choice.has(this.ids[index] ?? -1)));
      node.classList.toggle("focused", isFocused && index === this.choice.focus);
    }
    const here = this.nodes.get(this.choice.focus);
    if (here) this.root.setAttribute("aria-activedescendant", here.id);
    else this.root.removeAttribute("aria-activedescendant");
    this.host.want(view.first(), view.end());
    this.#rest();
  }

  #rest(pause = REST) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.#pictures(), pause);
  }

  /** Fetch the pictures of tiles in sight. */
  #pictures() {
    const { view } = this;
    for (const [index, node] of this.nodes) {
      const src = node.dataset.src ?? "";
      const isNear = index >= view.first() && index < view.end();
      const image = node.querySelector("img");
      if (!isNear || !image || !src) continue;
      if (image.getAttribute("src") === src) this.#glance(index, node, image);
      else {
        image.src = src;
        image.decode().then(
          () => this.nodes.get(index) === node && this.#glance(index, node, image),
          () => this.nodes.get(index) === node && image.getAttribute("src") === src && this.#broken(node),
        );
      }
    }
  }

  /** @param {number} index @param {HTMLElement} node @param {HTMLImageElement} image */
  #glance(index, node, image) {
    if (!image.complete || !image.naturalWidth) return;
    node.dataset.loaded = "yes";
    if (!this.host.sighted || !node.isConnected || this.view.share(index) < SIGHTED) return;
    // What lies over it is waited for, as over the stage.
    if (isInFront(node.getBoundingClientRect())) this.host.sighted(index);
    else this.#rest(COVERED);
  }

  /** @param {HTMLElement} node */
  #broken(node) {
    within(node, ".tile-picture", HTMLElement).replaceChildren(symbol("sign-no-image", "sign"));
    setTitle(node, `${node.title}\ncannot be shown`);
    const why = within(node, ".tile-why", HTMLElement);
    // what it stands apart for says more, and has no room beside it
    if (!why.textContent) setText(why, "cannot be shown");
  }

  /** @param {number} index */
  #made(index) {
    const node = this.spare.pop() ?? stamp("t-tile");
    node.id = `${this.name}-${index}`;
    node.dataset.index = String(index);
    this.nodes.set(index, node);
    this.root.append(node);
    return node;
  }

  /** @param {number} index */
  #drop(index) {
    const node = this.nodes.get(index);
    if (!node) return;
    this.nodes.delete(index);
    node.remove();
    const image = node.querySelector("img");
    if (image) image.removeAttribute("src");
    delete node.dataset.filled;
    delete node.dataset.loaded;
    delete node.dataset.src;
    if (this.spare.length < 200) this.spare.push(node);
  }

  /** @param {HTMLElement} node @param {number} index */
  #fill(node, index) {
    if (node.dataset.filled) return;
    node.setAttribute("aria-setsize", String(this.ids.length));
    node.setAttribute("aria-posinset", String(index + 1));
    const tile = this.host.tile(index);
    const frame = within(node, ".tile-picture", HTMLElement);
    frame.style.height = `${this.size}px`;
    setText(within(node, ".tile-title", HTMLElement), tile?.title ?? "…");
    if (!tile) {
      frame.replaceChildren();
      within(node, ".tile-sign", HTMLElement).replaceChildren();
      setText(within(node, ".tile-why", HTMLElement), "");
      setText(within(node, ".tile-more", HTMLElement), "");
      return;
    }
    node.dataset.filled = "yes";
    setTitle(node, tile.tip);
    setText(within(node, ".tile-more", HTMLElement), tile.label);
    node.dataset.apart = tile.why ? "yes" : "no";
    node.dataset.state = tile.sign;
    if (tile.key !== undefined) node.dataset.key = tile.key;
    node.setAttribute("aria-current", String(tile.here));
    setText(within(node, ".tile-why", HTMLElement), tile.why);
    within(node, ".tile-sign", HTMLElement).replaceChildren(...(tile.sign ? [symbol(`sign-${tile.sign.replaceAll(" ", "-")}`)] : []));
    const before = frame.querySelector("img");
    if (tile.src === null) frame.replaceChildren(symbol("sign-no-image", "sign"));
    else if (!before || node.dataset.src !== tile.src) {
      const image = make("img", "");
      image.alt = "";
      image.decoding = "async";
      frame.replaceChildren(image, ...this.#boxes(tile));
    } else frame.replaceChildren(before, ...this.#boxes(tile));
    node.dataset.src = tile.src ?? "";
  }

  /** What is marked and found on the picture. @param {Tile} tile */
  #boxes({ size, marks, found }) {
    if (!size || !(marks.length + found.length)) return [];
    const svg = document.createElementNS(SPACE, "svg");
    svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    svg.setAttribute("class", "tile-boxes");
    svg.setAttribute("aria-hidden", "true");
    for (const [kind, boxes] of /** @type {const} */ ([["found", found], ["mark", marks]])) {
      for (const [left, top, right, bottom] of boxes) {
        const box = document.createElementNS(SPACE, "rect");
        box.setAttribute("class", kind);
        box.setAttribute("x", String(left));
        box.setAttribute("y", String(top));
        box.setAttribute("width", String(right - left));
        box.setAttribute("height", String(bottom - top));
        svg.append(box);
      }
    }
    return [svg];
  }

  /** @param {MouseEvent} event */
  #indexOf(event) {
    const node = event.target instanceof Element ? event.target.closest(".tile") : null;
    return node instanceof HTMLElement ? Number(node.dataset.index) : -1;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const index = this.#indexOf(event);
    if (index < 0) return;
    if (!this.chooses) {
      this.#open(index);
      return;
    }
    if (event.shiftKey) this.choice.go(index, this.ids, true);
    else this.choice.toggle(index, this.ids);
    this.#changed();
  }

  /** @param {number} index */
  #open(index) {
    if (index >= 0 && index < this.ids.length) this.host.open(index);
  }

  #changed() {
    this.draw();
    this.host.changed?.();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { ids, choice } = this;
    if (event.altKey || event.metaKey) return;
    const to = event.ctrlKey ? null : moved(event.key, choice.focus, this.view);
    if (to !== null) {
      if (ids.length) choice.go(to, ids, this.chooses && event.shiftKey);
      this.reveal();
    } else if (event.key === "Enter") this.#open(choice.focus);
    else if (this.chooses && event.key === " ") choice.toggle(choice.focus, ids);
    else if (this.chooses && event.ctrlKey && event.key.toLowerCase() === "a") choice.all(ids);
    else if (event.key === "+" || event.key === "-") this.resize(event.key === "+" ? 1 : -1);
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.#changed();
  }
}
