/** Decodes pictures; those that are also wanted scaled are made by a worker, or by the page where there is none. */

import { decoded, withFitted } from "./scaling.js";

/** @typedef {import("./scaling.js").Decoded} Decoded */
/** @typedef {import("./scaling.js").Size} Size */
/** @typedef {{blob: Blob, stage: Size, resolve: (made: Decoded|Promise<Decoded>) => void, reject: (error: Error) => void}} Job */

const PROGRAM = new URL("./decoder.js", import.meta.url).href;

/**
 * The worker's address in the form that the page's policy asks for: this policy lets no other one pass.
 * @returns {string}
 */
function trusted() {
  const policies = Reflect.get(globalThis, "trustedTypes");
  return policies ? policies.createPolicy("dcmaudit-worker", { createScriptURL: () => PROGRAM }).createScriptURL("") : PROGRAM;
}

export class Decoder {
  constructor() {
    /** @type {Map<number, Job>} */
    this.jobs = new Map();
    this.number = 0;
    /** @type {Worker|null} */
    this.worker = null;
    try {
      this.worker = new Worker(trusted(), { type: "module" });
      this.worker.addEventListener("message", ({ data }) => this.#done(data));
      this.worker.addEventListener("error", () => this.#broken());
    } catch {
      this.#broken();
    }
  }

  /**
   * @param {Blob} blob
   * @param {Size|null} stage  the stage to scale for, null where only the plane itself is wanted
   * @returns {Promise<Decoded>} fails with a DOMException where the bytes are no picture
   */
  decode(blob, stage) {
    const { worker } = this;
    if (!worker || !stage) return here(blob, stage);
    return new Promise((resolve, reject) => {
      const number = (this.number += 1);
      this.jobs.set(number, { blob, stage, resolve, reject });
      worker.postMessage({ number, blob, stage });
    });
  }

  /** @param {{number: number, made?: Decoded, error?: string}} answer */
  #done({ number, made, error }) {
    const job = this.jobs.get(number);
    this.jobs.delete(number);
    if (made) job?.resolve(made);
    else job?.reject(new DOMException(error, "InvalidStateError"));
  }

  /** Without its worker the page is slower, and goes on. */
  #broken() {
    this.worker?.terminate();
    this.worker = null;
    const left = [...this.jobs.values()];
    this.jobs.clear();
    for (const { blob, stage, resolve } of left) resolve(here(blob, stage));
  }
}

/** @param {Blob} blob @param {Size|null} stage */
async function here(blob, stage) {
  return withFitted(await decoded(blob), stage);
}
