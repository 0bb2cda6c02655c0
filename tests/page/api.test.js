/** An answer that breaks off is no answer: the page must know that the server has gone. */

import assert from "node:assert/strict";
import { test } from "node:test";

/** @type {any} */
const world = globalThis;
const { Lost, post, Refusal } = await import("../../src/dcmaudit/web/static/js/asking.js");

/** @param {unknown} error */
const breaking = (error) => async () => ({ ok: true, json: () => Promise.reject(error) });

test("a connection that breaks in the middle of an answer", async () => {
  world.fetch = breaking(new TypeError("Failed to fetch"));
  await assert.rejects(post("/x", {}), Lost);
  world.fetch = breaking(new SyntaxError("no JSON"));
  await assert.rejects(post("/x", {}), Refusal);
  const given = new DOMException("given up", "AbortError");
  world.fetch = breaking(given);
  await assert.rejects(post("/x", {}), (error) => error === given);
});
