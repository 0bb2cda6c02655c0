/** Planes as they were fetched: the last few are kept, the next few are fetched ahead, and a held key has them stream in. */

import { Refusal } from "./asking.js";
import { has } from "./levels.js";
import { PlaneStream } from "./planestream.js";
import { Workshop } from "./workshop.js";

/** @typedef {import("./levels.js").Made} Made */
/** @typedef {import("./levels.js").View} View */
/** @typedef {import("./levels.js").Composed} Composed */
/** @typedef {import("./engine.js").Answer} Answer */
/** @typedef {import("./engine.js").Placing} Placing */
/** @typedef {{url: string, plane: string}} Wanted  an address, and "file/key" */

/** Bytes of values to keep. About sixteen planes of 1024 x 1024 in 8 bits; the one on the screen is kept at any size. */
const BUDGET = 16 << 20;
/** Planes fetched ahead at the same time; more would only queue in front of the one that is waited for. */
const AHEAD = 2;
/** Planes that are kept with pixels of the whole stage. */
const COMPOSED = 3;
/** Planes of a held key that lie ready. */
const READY = 3;
/** A line over which fewer planes a second come than this is slow. */
const FEW = 12;

export class Planes {
  /** @param {() => Placing} placing  where the next plane will lie */
  constructor(placing) {
    this.placing = placing;
    /** @type {Map<string, Made>} a Map keeps the order of insertion: the first is the oldest */
    this.kept = new Map();
    /** @type {Map<string, {promise: Promise<Made>, id: number}>} */
    this.coming = new Map();
    /** @type {Wanted[]} */
    this.queue = [];
    /** @type {View} of what is fetched ahead */
    this.ahead = { rendering: "full", inverted: false, window: null };
    this.bytes = 0;
    /** @type {Made|null} the plane on the screen is never dropped */
    this.shown = null;
    /** @type {string|null} and its address */
    this.shownUrl = null;
    this.workshop = new Workshop();
  }

  /**
   * The plane, at once where it is kept and can be shown in the view that is wanted.
   * @param {string} url
   * @param {View} view
   * @returns {Made|null}
   */
  peek(url, view) {
    const found = this.kept.get(url);
    if (!found || !has(found, view)) return null;
    this.kept.delete(url);
    this.kept.set(url, found);
    return found;
  }

  /**
   * @param {string} url
   * @param {string} plane  "file/key"
   * @param {View} view
   * @returns {Promise<Made>}
   */
  async get(url, plane, view) {
    const kept = this.peek(url, view);
    if (kept) return kept;
    const made = await (this.coming.get(url) ?? this.#fetch(url, plane, view)).promise;
    if (has(made, view)) return made;
    // its levels come from no table: this view has values of its own
    const own = url.replace(/rendering=[a-z]+/, `rendering=${view.rendering}`);
    const other = await (this.coming.get(own) ?? this.#fetch(own, plane, view)).promise;
    this.#keep(url, other);
    return other;
  }

  /**
   * Fetch these when nothing else is waited for; what was queued before is forgotten.
   * @param {Wanted[]} planes
   * @param {View} view
   */
  prefetch(planes, view) {
    this.queue = planes.filter(({ url }) => !this.kept.has(url) && !this.coming.has(url));
    this.ahead = view;
    this.#pump();
  }

  /** Give up every fetch that nobody needs now, except `url`. @param {string} url */
  abandonOthers(url) {
    this.queue = [];
    for (const [other, entry] of this.coming) {
      if (other === url) continue;
      // out of the table first: whoever wants it again must not get the promise that fails now
      this.coming.delete(other);
      this.workshop.send({ kind: "abort", id: entry.id });
    }
  }

  #pump() {
    while (this.coming.size < AHEAD) {
      const next = this.queue.shift();
      if (!next) return;
      this.#fetch(next.url, next.plane, this.ahead).promise.catch(() => {
        // a failure is told when somebody goes there
      });
    }
  }

  /** @param {string} url @param {string} plane @param {View} view */
  #fetch(url, plane, view) {
    const placing = this.placing();
    const id = this.workshop.number();
    const address = this.isSlow() ? `${url}&packed=1` : url;
    const promise = this.workshop.one(id, (/** @type {Answer} */ { made }) => this.#arrived(url, plane, made), () => this.workshop.send({ kind: "fetch", id, url: address, view, placing }));
    const entry = { promise, id };
    this.coming.set(url, entry);
    const done = () => {
      if (this.coming.get(url) === entry) this.coming.delete(url);
      this.#pump();
    };
    promise.then(done, done);
    return entry;
  }

  /** @param {string} url @param {string} plane @param {Made|undefined} made @returns {Made} */
  #arrived(url, plane, made) {
    if (!made || made.plane !== plane) {
      throw new Refusal(`The server sent the plane ${made?.plane ?? "without a name"} where ${plane} was asked for.`, null, 500);
    }
    this.#keep(url, made);
    return made;
  }

  /** @param {string} url @param {Made} made */
  #keep(url, made) {
    const former = this.kept.get(url);
    if (former) this.#drop(url, former);
    this.kept.set(url, made);
    this.bytes += bytesOf(made);
    for (const [old, plane] of this.kept) {
      if (this.bytes <= BUDGET) break;
      // never the one on the screen, and never the one that has just come (it may be larger than the budget)
      if (plane !== this.shown && plane !== made) this.#drop(old, plane);
    }
    // pixels of a whole screen are kept for the planes that come next, and for no more
    const composed = [...this.kept.values()].filter((plane) => plane.composed);
    for (const plane of composed.slice(0, -COMPOSED)) this.#flatten(plane);
  }

  /** @param {Made} plane */
  #flatten(plane) {
    const { composed } = plane;
    plane.composed = null;
    if (composed) this.recycle(composed.pixels);
  }

  /** @param {string} url @param {Made} plane */
  #drop(url, plane) {
    this.kept.delete(url);
    this.bytes -= bytesOf(plane);
    if (plane !== this.shown && ![...this.kept.values()].some(({ buffer }) => buffer === plane.buffer)) this.#free(plane);
  }

  /** Give its memory back, for the next one. @param {Made} plane */
  #free(plane) {
    const pixels = plane.composed ? [plane.composed.pixels] : [];
    plane.composed = null;
    plane.cells = null;
    this.workshop.send({ kind: "free", buffers: plane.buffer.byteLength ? [plane.buffer] : [], pixels }, pixels);
  }

  /**
   * This plane is on the screen now, and the one before no longer.
   * @param {string|null} url
   * @param {Made|null} made
   */
  show(url, made) {
    const before = this.shown;
    this.shown = made;
    this.shownUrl = url;
    if (before && before !== made && ![...this.kept.values()].includes(before)) this.#free(before);
  }

  /** Pixels that are off the screen can be used again. @param {ArrayBuffer} pixels */
  recycle(pixels) {
    if (pixels.byteLength) this.workshop.send({ kind: "free", buffers: [], pixels: [pixels] }, [pixels]);
  }

  /**
   * The exact pixels of a plane, made beside the page.
   * @param {Made} plane
   * @param {View} view
   * @param {import("./scaling.js").Place} place
   * @returns {Promise<Composed|undefined>}
   */
  compose(plane, view, place) {
    const id = this.workshop.number();
    return this.workshop.one(id, ({ composed }) => composed, () => this.workshop.send({ kind: "compose", id, plane: { ...plane, composed: null, step: null }, view, place }));
  }

  /** Whether planes come over the line more slowly than an eye follows. @param {Made|null} [plane] */
  isSlow(plane = this.shown) {
    const bytes = plane && plane.cells ? plane.cells.byteLength : 1 << 20;
    return this.workshop.rate > 0 && this.workshop.rate / bytes < FEW;
  }

  /**
   * One plane after the other, as long as they are taken.
   * @param {string} url
   * @param {View} view
   * @returns {PlaneStream}
   */
  walk(url, view) {
    this.abandonOthers("");
    const placing = this.placing();
    const id = this.workshop.number();
    const stream = new PlaneStream(
      () => this.workshop.send({ kind: "more", id }),
      () => {
        this.workshop.send({ kind: "abort", id });
        // what is on its way comes into no one's hands
        this.workshop.jobs.set(id, { take: ({ made }) => (made ? this.#free(made) : this.workshop.jobs.delete(id)), lose: () => {} });
      },
      (made) => this.#free(made),
    );
    this.workshop.jobs.set(id, { take: (answer) => stream.take(answer), lose: () => stream.take({ id, end: true }) });
    this.workshop.send({ kind: "walk", id, url, view, placing, ahead: READY });
    return stream;
  }

  /** A plane that came with a held key and is not painted. @param {Made} made */
  discard(made) {
    if (made !== this.shown) this.#free(made);
  }

  /** Keep a plane that came with a held key. @param {string} url @param {Made} made */
  keep(url, made) {
    if (made.cells) this.#keep(url, made);
  }
}

/** @param {Made} made */
const bytesOf = ({ buffer }) => buffer.byteLength;
