/**
 * Fetches planes and makes them ready to be painted: reads values into buffers that are used again and again, and
 * composes the pixels of the stage from them. Runs in the page's worker, or in the page itself where there is none.
 */

import { ask, Lost, Refusal } from "./asking.js";
import { signatureOf, tablesOf } from "./levels.js";
import { fitted } from "./scaling.js";
import { isUpright, turnPixels } from "./orientation.js";
import { areaOnStage, paintPlane } from "./painting.js";
import { covered } from "./shrink.js";

/** @typedef {import("./levels.js").Made} Made */
/** @typedef {import("./levels.js").View} View */
/** @typedef {import("./levels.js").Composed} Composed */
/** @typedef {import("./scaling.js").Place} Place */
/**
 * Where planes that come will lie: fitted, but for those of one size that stay where the stage is.
 * @typedef {{stage: import("./scaling.js").Size, orientation: import("./orientation.js").Orientation, kept: (Place & {width: number, height: number})|null}} Placing
 */
/**
 * @typedef {{kind: "fetch", id: number, url: string, view: View, placing: Placing|null}
 *   | {kind: "walk", id: number, url: string, view: View, placing: Placing, ahead: number}
 *   | {kind: "more", id: number}
 *   | {kind: "abort", id: number}
 *   | {kind: "compose", id: number, plane: Made, view: View, place: Place}
 *   | {kind: "free", buffers: ArrayBufferLike[], pixels: ArrayBuffer[]}} Order
 */
/** @typedef {{message: string, hint: string|null, status: number, isLost: boolean, isAborted: boolean}} Failure */
/** @typedef {{id: number, made?: Made, composed?: Composed, end?: true, failure?: Failure, rate?: number}} Answer */

/** Buffers are as large as a multiple of this, so that planes of nearly one size can use each other's. */
const STEP = 1 << 18;
/** Bytes of unused buffers to keep. */
const SPARE = 24 << 20;
/** A transfer of fewer bytes says nothing about the line. */
const TELLING = 1 << 15;

/** Bytes that are taken from a stream at once. */
const PIPE = 1 << 18;
/** @type {ArrayBuffer[]} buffers that no stream has at the moment */
const pipes = [];

export class Engine {
  /** @param {(answer: Answer, transfer: Transferable[]) => void} answer */
  constructor(answer) {
    this.answer = answer;
    /** @type {Map<number, {abort: AbortController, room: number, wake: () => void}>} */
    this.jobs = new Map();
    /** @type {ArrayBufferLike[]} */
    this.spare = [];
    /** @type {ArrayBuffer[]} */
    this.pixels = [];
  }

  /** @param {Order} order */
  take(order) {
    switch (order.kind) {
      case "fetch":
        void this.#guarded(order.id, 0, (signal) => this.#fetch(order, signal));
        return;
      case "walk":
        void this.#guarded(order.id, order.ahead, (signal) => this.#walk(order, signal));
        return;
      case "more": {
        const job = this.jobs.get(order.id);
        if (job) job.room += 1;
        job?.wake();
        return;
      }
      case "abort":
        this.jobs.get(order.id)?.abort.abort();
        this.jobs.get(order.id)?.wake();
        return;
      case "compose": {
        const composed = this.#compose(order.plane, order.view, order.place);
        this.answer({ id: order.id, composed }, [composed.pixels]);
        return;
      }
      case "free":
        this.spare.push(...order.buffers);
        this.pixels.push(...order.pixels);
        this.#forget();
        return;
    }
  }

  /** @param {number} id @param {number} room @param {(signal: AbortSignal) => Promise<void>} work */
  async #guarded(id, room, work) {
    const job = { abort: new AbortController(), room, wake: () => {} };
    this.jobs.set(id, job);
    try {
      await work(job.abort.signal);
    } catch (error) {
      const { message, hint, status } = /** @type {any} */ (error);
      const failure = { message: String(message), hint: hint ?? null, status: status ?? 0, isLost: !(error instanceof Refusal), isAborted: job.abort.signal.aborted };
      this.answer({ id, failure }, []);
    } finally {
      this.jobs.delete(id);
    }
  }

  /** @param {Extract<Order, {kind: "fetch"}>} order @param {AbortSignal} signal */
  async #fetch({ id, url, view, placing }, signal) {
    const response = await ask(url, { signal });
    const records = new Records(response);
    const begun = performance.now();
    const made = await this.#record(records).finally(() => records.cancel());
    if (!made) throw new Refusal("The server sent no plane.", null, 500);
    // a packed plane is far smaller on the line than what came out of it
    const sent = Number(response.headers.get("Content-Length")) || records.bytes;
    const rate = sent >= TELLING ? (1000 * sent) / Math.max(1, performance.now() - begun) : 0;
    this.#ready(made, view, placing);
    this.answer({ id, made, rate }, made.composed ? [made.composed.pixels] : []);
  }

  /** @param {Extract<Order, {kind: "walk"}>} order @param {AbortSignal} signal */
  async #walk({ id, url, view, placing }, signal) {
    const records = new Records(await ask(url, { signal }));
    try {
      for (;;) {
        await this.#room(id, signal);
        if (signal.aborted) return;
        const made = await this.#record(records);
        if (!made) break;
        if (signal.aborted) {
          this.spare.push(made.buffer);
          return;
        }
        this.#ready(made, view, placing);
        this.answer({ id, made }, made.composed ? [made.composed.pixels] : []);
      }
      this.answer({ id, end: true }, []);
    } finally {
      records.cancel();
    }
  }

  /** Wait until the page has painted enough of what it has. @param {number} id @param {AbortSignal} signal */
  async #room(id, signal) {
    const job = this.jobs.get(id);
    while (job && job.room <= 0 && !signal.aborted) await new Promise((resolve) => (job.wake = () => resolve(null)));
    if (job) job.room -= 1;
  }

  /** The next plane; null at the end. @param {Records} records @returns {Promise<Made|null>} */
  async #record(records) {
    const own = await records.head();
    if (own.end) return null;
    const head = await records.head();
    const buffer = this.#buffer(head.bytes);
    await records.into(new Uint8Array(buffer, 0, head.bytes));
    if (head.jpeg) {
      const picture = await decoded(new Uint8Array(buffer, 0, head.bytes).slice());
      this.spare.push(buffer);
      return { ...head, ...own, buffer: new ArrayBuffer(0), cells: null, picture, composed: null };
    }
    const count = head.width * head.height * head.channels;
    const cells = head.bits === 8 ? new Uint8Array(buffer, 0, count) : new Uint16Array(buffer, 0, count);
    if (head.up) addUp(cells, head.width * head.channels);
    return { step: null, ...head, ...own, buffer, cells, composed: null };
  }

  /** Compose a plane where it will lie. @param {any} made @param {View} view @param {Placing|null} placing */
  #ready(made, view, placing) {
    const kept = placing?.kept;
    const place = kept && kept.width === made.width && kept.height === made.height ? kept : placing && fitted(placing.stage, made, placing.orientation);
    if (made.picture) {
      if (place) made.composed = this.#small(made, view, place);
      made.picture.close();
      delete made.picture;
    } else if (place && (view.rendering in made.views || view.window)) made.composed = this.#compose(made, view, place);
  }

  /** @param {Made} made @param {View} view @param {Place} place @returns {Composed} */
  #compose(made, view, place) {
    const area = areaOnStage(place, made);
    const pixels = this.#room4(area);
    const { cells } = made;
    if (cells) paintPlane({ ...made, cells }, tablesOf(made, view), place, new Uint32Array(pixels), false);
    return { pixels, area, signature: signatureOf(place, view) };
  }

  /** A small picture as large as the plane would be. @param {any} made @param {View} view @param {Place} place @returns {Composed} */
  #small(made, view, place) {
    const area = covered(place, made);
    const canvas = new OffscreenCanvas(Math.max(1, area.width), Math.max(1, area.height));
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false, willReadFrequently: true }));
    context.imageSmoothingEnabled = place.scale < 1;
    context.drawImage(made.picture, place.x - area.left, place.y - area.top, made.width * place.scale, made.height * place.scale);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const pixels = /** @type {ArrayBuffer} */ (data.buffer);
    const signature = signatureOf(place, view);
    if (isUpright(place.orientation) || !area.width || !area.height) return { pixels, area, signature };
    const onStage = areaOnStage(place, made);
    const out = this.#room4(onStage);
    turnPixels(place.orientation, new Uint32Array(pixels), area, new Uint32Array(out));
    return { pixels: out, area: onStage, signature };
  }

  /** @param {import("./shrink.js").Area} area @returns {ArrayBuffer} */
  #room4({ width, height }) {
    const size = 4 * width * height;
    const place = this.pixels.findIndex(({ byteLength }) => byteLength === size);
    return place >= 0 ? /** @type {ArrayBuffer} */ (this.pixels.splice(place, 1)[0]) : new ArrayBuffer(size);
  }

  /** @param {number} bytes @returns {ArrayBufferLike} */
  #buffer(bytes) {
    const size = Math.ceil(Math.max(1, bytes) / STEP) * STEP;
    const place = this.spare.findIndex(({ byteLength }) => byteLength === size);
    if (place >= 0) return /** @type {ArrayBufferLike} */ (this.spare.splice(place, 1)[0]);
    return typeof SharedArrayBuffer === "undefined" ? new ArrayBuffer(size) : new SharedArrayBuffer(size);
  }

  #forget() {
    const size = () => this.spare.reduce((sum, { byteLength }) => sum + byteLength, 0);
    while (this.spare.length > 1 && size() > SPARE) this.spare.shift();
    if (this.pixels.length > 4) this.pixels.splice(0, this.pixels.length - 4);
  }
}

/**
 * The bytes of an answer, taken as they come: heads in JSON, and what follows them into buffers that are there already.
 * They pass through one buffer that goes to the stream and back, where the browser can do that: else every piece would
 * be garbage.
 */
class Records {
  /** @param {Response} response */
  constructor(response) {
    if (!response.body) throw new Lost();
    /** @type {ReadableStreamBYOBReader|null} */
    this.filler = null;
    /** @type {ReadableStreamDefaultReader<Uint8Array>|null} */
    this.reader = null;
    try {
      this.filler = response.body.getReader({ mode: "byob" });
    } catch {
      this.reader = response.body.getReader();
    }
    /** @type {ArrayBuffer} */
    this.pipe = this.filler ? (pipes.pop() ?? new ArrayBuffer(PIPE)) : new ArrayBuffer(0);
    /** @type {Uint8Array} */
    this.left = new Uint8Array(0);
    this.bytes = 0;
  }

  /** @returns {Promise<Uint8Array>} */
  async #more() {
    const found = await (this.filler ? this.filler.read(new Uint8Array(this.pipe)) : this.reader?.read());
    if (!found?.value || (found.done && !found.value.length)) throw new Lost();
    if (this.filler) this.pipe = /** @type {ArrayBuffer} */ (found.value.buffer);
    return found.value;
  }

  /** @returns {Promise<any>} */
  async head() {
    const size = new Uint8Array(4);
    await this.into(size);
    const text = new Uint8Array(new DataView(size.buffer).getUint32(0, true));
    await this.into(text);
    return JSON.parse(new TextDecoder().decode(text));
  }

  /** @param {Uint8Array} target */
  async into(target) {
    for (let at = 0; at < target.length; ) {
      if (!this.left.length) this.left = await this.#more();
      const part = this.left.subarray(0, target.length - at);
      target.set(part, at);
      at += part.length;
      this.bytes += part.length;
      this.left = this.left.subarray(part.length);
    }
  }

  /** Nothing more is wanted. */
  cancel() {
    (this.filler ?? this.reader)?.cancel().catch(() => {
      // it has ended already
    });
    if (this.pipe.byteLength && pipes.length < 2) pipes.push(this.pipe);
    this.pipe = new ArrayBuffer(0);
  }
}

/** Rows came as differences from the row above. @param {import("./shrink.js").Cells} cells @param {number} width */
function addUp(cells, width) {
  for (let at = width; at < cells.length; at += 1) cells[at] = /** @type {number} */ (cells[at]) + /** @type {number} */ (cells[at - width]);
}

/** @param {Uint8Array} data  a JPEG file @returns {Promise<any>} something that a canvas can draw, and that can be closed */
async function decoded(data) {
  const Decoder = Reflect.get(globalThis, "ImageDecoder");
  if (!Decoder) return createImageBitmap(new Blob([/** @type {any} */ (data)], { type: "image/jpeg" }));
  const decoder = new Decoder({ data, type: "image/jpeg" });
  try {
    return (await decoder.decode()).image;
  } finally {
    decoder.close();
  }
}
