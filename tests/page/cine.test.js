/** A cine keeps the time of the file or a chosen one, and stops where something new is suggested. */

import assert from "node:assert/strict";
import { test } from "node:test";

/** @type {any} */
const world = globalThis;
world.MessageChannel = class {
  constructor() {
    this.port1 = { onmessage: () => {} };
    this.port2 = { postMessage: () => setImmediate(() => this.port1.onmessage()) };
  }
};
world.document = { visibilityState: "visible" };
world.requestAnimationFrame = (/** @type {() => void} */ work) => setTimeout(work, 4);

const { newInFile, newSuggestions, Score, timeOf } = await import("../../src/dcmaudit/web/static/js/cine.js");

/** @param {string} id @param {object} [more] @returns {any} */
const rect = (id, more = {}) => ({ id, stored: false, applied: false, ...more });

test("the time of the file, a chosen rate before it, the usual one where there is neither", () => {
  assert.equal(timeOf(40, "file"), 40);
  assert.equal(timeOf(40, "5"), 200);
  assert.equal(timeOf(null, "file"), 1000 / 15);
});

test("a suggestion that was on the plane before is not new, and one that is black, stored or hidden is none", () => {
  const before = [rect("a")];
  assert.deepEqual(newSuggestions(before, [rect("a"), rect("b")]).map(({ id }) => id), ["b"]);
  assert.deepEqual(newSuggestions([], [rect("c", { stored: true }), rect("d", { applied: true }), rect("e", { rejected: true })]), []);
});

test("in the next file of a series a suggestion is known by its place and source, for ids are its own", () => {
  const here = (/** @type {string} */ id, /** @type {number[]} */ box, source = "rules") => rect(id, { box, source });
  const before = [here("s0", [1, 2, 3, 4])];
  assert.deepEqual(newInFile(before, [here("s0", [5, 6, 7, 8]), here("s7", [1, 2, 3, 4])]).map(({ id }) => id), ["s0"]);
  assert.equal(newInFile(before, [here("s0", [1, 2, 3, 4], "OCR")]).length, 1);
  const score = new Score(() => 60, () => {});
  const file = (/** @type {number} */ file_id, /** @type {any[]} */ rects) => /** @type {any} */ ({ file: { file_id }, rects });
  assert.equal(score.painted(file(1, before), file(2, [here("s0", [1, 2, 3, 4])])), true);
  assert.equal(score.painted(file(1, before), file(2, [here("s0", [9, 9, 12, 12])])), false);
  assert.equal(score.isOver, true);
});

test("each plane stays for its time, also where one was late, and a cine that is stopped does not wait", async () => {
  const score = new Score(() => 60, () => {});
  const never = new Promise(() => {});
  const state = /** @type {any} */ ({ rects: [] });
  score.begin(state);
  const begun = performance.now();
  for (let plane = 1; plane <= 3; plane += 1) {
    await score.rest(/** @type {any} */ (never));
    assert.ok(score.painted(state, state));
  }
  const taken = performance.now() - begun;
  assert.ok(taken > 150, `three planes in ${taken} ms`);
  score.due = performance.now() - 1000; // one came a second too late
  score.painted(state, state);
  assert.ok(score.due > performance.now() + 30, "what comes after is not hurried");
  score.due = performance.now() + 2_000; // node waits for what is left of it
  const asked = performance.now();
  await score.rest(Promise.resolve());
  assert.ok(performance.now() - asked < 1_000);
});

test("it stops at a new suggestion, and where nobody sees it", () => {
  let told = 0;
  const score = new Score(() => 60, () => (told += 1));
  const before = /** @type {any} */ ({ rects: [rect("a")] });
  assert.equal(score.painted(before, /** @type {any} */ ({ rects: [rect("a"), rect("b")] })), false);
  assert.equal(told, 1);
  assert.equal(score.painted(before, before), true);
  world.document.visibilityState = "hidden";
  assert.equal(score.painted(before, before), false);
  world.document.visibilityState = "visible";
  assert.equal(told, 1);
});
