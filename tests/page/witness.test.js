/** What was painted is noted once the frame is on its way, reported once, and lost by no failure. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

/** @type {any} */
const world = globalThis;
world.requestAnimationFrame = (/** @type {() => void} */ work) => setTimeout(work, 1);
world.MessageChannel = class {
  constructor() {
    this.port1 = { onmessage: () => {} };
    this.port2 = { postMessage: () => setImmediate(() => this.port1.onmessage()) };
  }
};
world.document = { visibilityState: "visible" };

const { Witness } = await import("../../src/dcmaudit/web/static/js/witness.js");

/** @type {any} */
let sight;
/** @type {any[]} */
let told;
/** @type {any} */
let witness;
/** @type {boolean} */
let isFree;
const shown = /** @type {any} */ ({ file: { file_id: 2 }, plane: { key: "f7" } });

beforeEach(() => {
  isFree = true;
  told = [];
  sight = { plane: "2/f7", ticket: "t", scale: 1, stage: [10, 10], boxes: [[0, 0, 5, 5]], covered: false };
  world.document.visibilityState = "visible";
  witness = new Witness({ sight: () => sight, painted: (file, key) => told.push([file, key]), state: () => shown, isFree: () => isFree, report: (file) => told.push(file) });
});

test("a plane is noted after its frame, with what was in sight, and once", async () => {
  const noted = witness.painted(shown, true);
  assert.deepEqual(witness.unreported, []);
  await noted;
  assert.deepEqual(told, [[2, "f7"]]);
  assert.deepEqual(witness.take().map((/** @type {any} */ each) => [each.file_id, each.key, each.boxes]), [[2, "f7", [[0, 0, 5, 5]]]]);
  await witness.painted(shown, true);
  assert.deepEqual(witness.take(), []);
  witness.forget();
  await witness.painted(shown, true);
  assert.equal(witness.take().length, 1);
});

test("nothing is noted behind another tab, of a card, or of another plane than the state's", async () => {
  world.document.visibilityState = "hidden";
  await witness.painted(shown, true);
  world.document.visibilityState = "visible";
  await witness.painted(shown, false);
  sight = { ...sight, plane: "2/f6" };
  await witness.painted(shown, true);
  sight = null;
  await witness.painted(shown, true);
  clearTimeout(witness.uncovering);
  assert.deepEqual(witness.take(), []);
});

test("what came into sight later is reported by itself, where nothing is under way", async () => {
  await witness.painted(shown, true);
  witness.take();
  told = [];
  sight = { ...sight, boxes: [[0, 0, 9, 9]] };
  isFree = false;
  await witness.looked();
  assert.deepEqual(witness.unreported, []);
  isFree = true;
  await witness.looked();
  assert.equal(witness.unreported.length, 1);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual(told, [2]);
});

test("what could not be sent goes first the next time", () => {
  witness.unreported = [/** @type {any} */ ({ key: "b" })];
  witness.giveBack([{ key: "a" }]);
  assert.deepEqual(witness.take().map((/** @type {any} */ each) => each.key), ["a", "b"]);
});
