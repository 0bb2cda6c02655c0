/** Decoded pictures of planes: the last few are kept, the next few are fetched ahead. */

import { Api } from "./api.js";
import { Decoder } from "./decoding.js";

/** Bytes of decoded pixels to keep; four bytes a pixel. About a dozen pictures of 1024 x 1024, each with its scaled one. */
const BUDGET = 64 * 1024 * 1024;
/** Pictures fetched ahead at the same time; more would only queue in front of the one that is waited for. */
const AHEAD = 2;

/** @typedef {import("./scaling.js").Decoded & {remark: import("./api.js").Remark|null, ticket: string}} Shown */
/** @typedef {Shown & {bytes: number}} Kept */

export class Pictures {
  /** @param {() => import("./scaling.js").Size|null} stage  the stage that pictures are fitted to, null where they are not */
  constructor(stage) {
    this.stage = stage;
    this.decoder = new Decoder();
    /** @type {Map<string, Kept>} a Map keeps the order of insertion: the first is the oldest */
    this.kept = new Map();
    /** @type {Map<string, {promise: Promise<Shown>, abort: AbortController}>} */
    this.coming = new Map();
    /** @type {{url: string, plane: string}[]} */
    this.queue = [];
    this.calm = true;
    this.bytes = 0;
    /** @type {string|null} the picture on the screen is never dropped */
    this.shown = null;
  }

  /** @param {string} url */
  has(url) {
    return this.kept.has(url);
  }

  /**
   * The picture, at once where it is kept.
   * @param {string} url
   * @returns {Shown|null}
   */
  peek(url) {
    const found = this.kept.get(url);
    if (!found) return null;
    this.kept.delete(url);
    this.kept.set(url, found);
    return found;
  }

  /**
   * @param {string} url
   * @param {string} plane  "file/key"
   * @returns {Promise<Shown>}
   */
  async get(url, plane) {
    const kept = this.peek(url);
    if (kept) return kept;
    const coming = this.coming.get(url);
    return (coming ?? this.#fetch(url, plane, false)).promise;
  }

  /**
   * Fetch these when nothing else is waited for; what was queued before is forgotten.
   * @param {{url: string, plane: string}[]} pictures
   * @param {boolean} calm  whether there is time to scale them to the stage, too
   */
  prefetch(pictures, calm) {
    this.calm = calm;
    this.queue = pictures.filter(({ url }) => !this.kept.has(url) && !this.coming.has(url));
    this.#pump();
  }

  /** Give up every fetch that nobody needs now, except `url`. @param {string} url */
  abandonOthers(url) {
    this.queue = [];
    for (const [other, entry] of this.coming) {
      if (other === url) continue;
      // out of the table first: whoever wants it again must not get the promise that fails now
      this.coming.delete(other);
      entry.abort.abort();
    }
  }

  #pump() {
    while (this.coming.size < AHEAD) {
      const next = this.queue.shift();
      if (!next) return;
      this.#fetch(next.url, next.plane, this.calm).promise.catch(() => {
        // a failure is told when somebody goes there
      });
    }
  }

  /**
   * @param {string} url
   * @param {string} plane
   * @param {boolean} fitted
   */
  #fetch(url, plane, fitted) {
    const abort = new AbortController();
    const entry = { promise: this.#load(url, plane, fitted, abort.signal), abort };
    this.coming.set(url, entry);
    const done = () => {
      if (this.coming.get(url) === entry) this.coming.delete(url);
      this.#pump();
    };
    entry.promise.then(done, done);
    return entry;
  }

  /**
   * @param {string} url
   * @param {string} plane
   * @param {boolean} fitted
   * @param {AbortSignal} signal
   */
  async #load(url, plane, fitted, signal) {
    const { blob, remark, ticket } = await Api.picture(url, plane, signal);
    const made = { ...(await this.decoder.decode(blob, fitted ? this.stage() : null)), remark, ticket };
    this.#keep(url, made);
    return made;
  }

  /**
   * @param {string} url
   * @param {Shown} made
   */
  #keep(url, made) {
    const bytes = bytesOf(made.bitmap) + (made.fitted ? bytesOf(made.fitted.bitmap) : 0);
    this.kept.set(url, { ...made, bytes });
    this.bytes += bytes;
    for (const [old, kept] of this.kept) {
      if (this.bytes <= BUDGET) break;
      // never the one on the screen, and never the one that has just come (it may be larger than the budget)
      if (old === this.shown || old === url) continue;
      this.kept.delete(old);
      this.bytes -= kept.bytes;
      kept.bitmap.close();
      kept.fitted?.bitmap.close();
    }
  }
}

/** @param {ImageBitmap} bitmap */
const bytesOf = ({ width, height }) => width * height * 4;
