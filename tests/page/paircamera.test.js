/** Where a plane lies on the two canvases of the comparison. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fitted, moved, zoomed } from "../../src/dcmaudit/web/static/js/paircamera.js";

test("the whole plane lies in the middle, as large as it fits", () => {
  assert.deepEqual(fitted([100, 50], [400, 400]), { scale: 4, x: 0, y: 100 });
  assert.deepEqual(fitted([50, 100], [400, 400]), { scale: 4, x: 100, y: 0 });
  assert.deepEqual(fitted([0, 0], [400, 400]), { scale: 1, x: 0, y: 0 });
});

test("what lies under the pointer stays there, at every zoom and to both limits", () => {
  let place = moved(fitted([100, 50], [400, 400]), 13, -7);
  const under = () => [(30 - place.x) / place.scale, (70 - place.y) / place.scale];
  const [left, top] = under();
  for (const factor of [1.25, 1.25, 0.1, 1e6, 1e-9]) {
    place = zoomed(place, factor, [30, 70]);
    const [x, y] = under();
    assert.ok(Math.abs(x - left) < 1e-6 && Math.abs(y - top) < 1e-6);
    assert.ok(place.scale >= 1 / 64 && place.scale <= 64);
  }
});
