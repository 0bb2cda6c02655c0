/** The page's worker: fetches planes and composes their pixels while the page goes on. */

import { Engine } from "./engine.js";

const engine = new Engine((answer, transfer) => postMessage(answer, { transfer }));

addEventListener("message", (/** @type {MessageEvent<import("./engine.js").Order>} */ { data }) => engine.take(data));
