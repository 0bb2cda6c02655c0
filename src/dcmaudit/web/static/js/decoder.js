/**
 * The page's worker: decodes pictures and scales them for the stage while the page goes on, so that painting a plane that
 * was fetched ahead only copies pixels.
 */

import { decoded, withFitted } from "./scaling.js";

/** @param {MessageEvent<{number: number, blob: Blob, stage: import("./scaling.js").Size}>} event */
async function work({ data: { number, blob, stage } }) {
  try {
    const made = withFitted(await decoded(blob), stage);
    const transfer = made.fitted ? [made.bitmap, made.fitted.bitmap] : [made.bitmap];
    postMessage({ number, made }, { transfer });
  } catch (error) {
    postMessage({ number, error: error instanceof Error ? error.message : "" });
  }
}

addEventListener("message", (event) => void work(event));
