/** Windows by name: in the units of the file, both ends shown. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { told } from "../../src/dcmaudit/web/static/js/hands.js";
import { boundsOf, tablesOf } from "../../src/dcmaudit/web/static/js/levels.js";
import { between, windowOf, windowsFor } from "../../src/dcmaudit/web/static/js/windows.js";

/** @param {object} [more] @returns {any} */
const plane = (more = {}) => ({
  width: 4, height: 2, channels: 1, bits: 16, stored: true, signed: true, first: -10, views: { full: { entries: 20, channels: 1 } }, falling: false,
  scale: [2, -24], cells: Uint16Array.of(0xfff6, 0xffff, 0, 1, 2, 3, 9, 9), buffer: new ArrayBuffer(64), ...more,
});

test("a window from value to value paints the first black and the last white", () => {
  const one = plane();
  const window = between(one, -10, 9);
  const [table] = tablesOf(one, { rendering: "full", inverted: false, window });
  assert.equal(table?.[0xfff6], 0);
  assert.equal(table?.[9], 255);
  assert.ok((table?.[8] ?? 255) < 255);
});

test("an area has the bounds of what is in it, with sign; outside there is none", () => {
  assert.deepEqual(boundsOf(plane(), [0, 0, 2, 1]), [-10, -1]);
  assert.deepEqual(boundsOf(plane(), [2, 0, 9, 9]), [0, 9]);
  assert.equal(boundsOf(plane(), [4, 0, 9, 9]), null);
  assert.equal(windowOf(plane({ channels: 3 }), [0, 0, 2, 1]), null);
  assert.deepEqual(windowOf(plane(), [1, 0, 2, 1]), { center: -25.5, width: 1 });
});

test("CT has its windows by name, everything has parts of its values", () => {
  const names = (/** @type {string|null} */ modality) => windowsFor(modality, plane()).map(({ name }) => name);
  assert.ok(names("CT").includes("Lung"));
  assert.ok(!names("MR").includes("Lung"));
  assert.ok(names(null).length > 3);
  const all = windowsFor("MR", plane()).find(({ name }) => name === "Lower half of the values")?.window;
  assert.ok(all && all.width >= 1);
});

test("a value is told with what it means and its unit", () => {
  assert.equal(told(plane(), [5]), "value 5 (-14)");
  assert.equal(told(plane({ unit: "HU" }), [5]), "value 5 (-14 HU)");
  assert.equal(told(plane({ unit: "HU", scale: [1, 0] }), [5]), "value 5 HU");
  assert.equal(told(plane({ scale: null }), [5]), "value 5");
  assert.equal(told(plane(), [1, 2, 3]), "RGB 1 2 3");
  assert.equal(told(plane({ stored: false }), [7]), "level 7");
});
