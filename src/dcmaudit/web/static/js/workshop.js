/** Where planes are read and composed: beside the page, or in it where there is no worker. Orders go out, answers come back. */

import { Lost, Refusal } from "./asking.js";
import { Engine } from "./engine.js";

/** @typedef {import("./engine.js").Order} Order */
/** @typedef {import("./engine.js").Answer} Answer */
/** @typedef {{take: (answer: Answer) => void, lose: () => void}} Job */

const PROGRAM = new URL("./worker.js", import.meta.url).href;

/**
 * The worker's address in the form that the page's policy asks for: this policy lets no other one pass.
 * @returns {string}
 */
function trusted() {
  const policies = Reflect.get(globalThis, "trustedTypes");
  return policies ? policies.createPolicy("dcmaudit-worker", { createScriptURL: () => PROGRAM }).createScriptURL("") : PROGRAM;
}

export class Workshop {
  constructor() {
    /** Bytes a second that the line carries, as far as it is known. */
    this.rate = 0;
    /** @type {Map<number, Job>} */
    this.jobs = new Map();
    this.last = 0;
    /** @type {Worker|null} */
    this.worker = null;
    /** @type {Engine|null} */
    this.engine = null;
    this.#begin();
  }

  /** The number of another order. */
  number() {
    return (this.last += 1);
  }

  #begin() {
    try {
      // Without shared memory the page could not see what the worker reads: then it reads itself.
      if (typeof SharedArrayBuffer === "undefined") throw new TypeError("no shared memory");
      this.worker = new Worker(trusted(), { type: "module" });
      this.worker.addEventListener("message", ({ data }) => this.#answered(data));
      this.worker.addEventListener("error", () => this.#broken());
    } catch {
      this.#broken();
    }
  }

  /** Without its worker the page is slower, and goes on. */
  #broken() {
    this.worker?.terminate();
    this.worker = null;
    this.engine = new Engine((answer) => queueMicrotask(() => this.#answered(answer)));
    const left = [...this.jobs.values()];
    this.jobs.clear();
    for (const { lose } of left) lose();
  }

  /** @param {Order} order @param {Transferable[]} [transfer] */
  send(order, transfer = []) {
    if (this.worker) this.worker.postMessage(order, transfer);
    else this.engine?.take(order);
  }

  /** @param {Answer} answer */
  #answered(answer) {
    if (answer.rate) this.rate = this.rate ? (this.rate + answer.rate) / 2 : answer.rate;
    this.jobs.get(answer.id)?.take(answer);
  }

  /**
   * @template T
   * @param {number} id
   * @param {(answer: Answer) => T} read
   * @param {() => void} ask
   * @returns {Promise<T>}
   */
  one(id, read, ask) {
    return new Promise((resolve, reject) => {
      this.jobs.set(id, {
        take: (answer) => {
          this.jobs.delete(id);
          try {
            if (answer.failure) throw failed(answer.failure);
            resolve(read(answer));
          } catch (error) {
            reject(error);
          }
        },
        lose: () => {
          this.one(id, read, ask).then(resolve, reject);
        },
      });
      ask();
    });
  }
}

/** @param {import("./engine.js").Failure} failure */
function failed({ message, hint, status, isLost, isAborted }) {
  if (isAborted) return new DOMException(message, "AbortError");
  return isLost && !status ? new Lost() : new Refusal(message, hint, status);
}
