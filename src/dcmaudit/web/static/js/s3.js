/** What the S3 dialogs share: talking with the server about buckets, and filling their lists. */

import { ask as request, post } from "./asking.js";
import { setText } from "./dom.js";

/** @typedef {{bucket: string, endpoint: string, access_key: string, region: string, profile: string, anonymous: boolean}} Saved */
/** @typedef {{key: string, size: number, modified: string}} Entry */
/** @typedef {{folders: string[], objects: Entry[], after: string, left_off: number}} Listing */
/** @typedef {{name: string, done: number, total: number, path: string, checked: string, error: {message: string, hint: string|null}|null}} Copy */

export const S3 = {
  /** @returns {Promise<{buckets: Saved[], keyring: boolean}>} */
  buckets: async () => (await request("/api/s3/buckets")).json(),
  /** @param {Saved & {secret: string}} given @returns {Promise<{where: string}>} */
  save: (given) => post("/api/s3/credentials", given),
  /** @param {Saved & {secret: string}} given @returns {Promise<{result: string}>} */
  test: (given) => post("/api/s3/credentials/test", given),
  /** @param {string} bucket @returns {Promise<{deleted: boolean}>} */
  remove: (bucket) => post("/api/s3/credentials/delete", { bucket }),
  /** @param {{bucket: string, prefix: string, text: string, after: string}} what @returns {Promise<Listing>} */
  list: (what) => post("/api/s3/list", what),
  /** @param {{bucket: string, key: string, folder: string, overwrite: boolean}} what @returns {Promise<{number: number}>} */
  copy: (what) => post("/api/s3/copies", what),
  /** @param {number} number @returns {Promise<Copy>} */
  copied: async (number) => (await request(`/api/s3/copies/${number}`)).json(),
  /** @param {Record<string, unknown>} what @returns {Promise<{name: string, seed: number|null}>} */
  selection: (what) => post("/api/s3/selection", what),
};

/**
 * Fill a list of buckets, keeping what was chosen.
 * @param {HTMLSelectElement} select
 * @param {Saved[]} saved
 * @param {string} [first]  the text of an empty first entry
 */
export function fillBuckets(select, saved, first) {
  const before = select.value;
  const options = saved.map(({ bucket }) => new Option(bucket, bucket));
  select.replaceChildren(...(first === undefined ? [] : [new Option(first, "")]), ...options);
  if (saved.some(({ bucket }) => bucket === before)) select.value = before;
}

/**
 * Show a sentence below the fields.
 * @param {HTMLElement} note
 * @param {string} text
 * @param {boolean} [wrong]
 */
export function tell(note, text, wrong = false) {
  note.classList.toggle("wrong", wrong);
  setText(note, text);
}

/**
 * Do something with the server, and show what came of it; null where it was refused.
 * @template T
 * @param {HTMLElement} note
 * @param {string} meanwhile
 * @param {() => Promise<T>} work
 * @returns {Promise<T|null>}
 */
export async function attempt(note, meanwhile, work) {
  tell(note, meanwhile);
  try {
    return await work();
  } catch (error) {
    const hint = error instanceof Error && "hint" in error && typeof error.hint === "string" ? ` (${error.hint})` : "";
    tell(note, `${error instanceof Error ? error.message : String(error)}${hint}`, true);
    return null;
  }
}
