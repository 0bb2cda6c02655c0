import assert from "node:assert/strict";
import { test } from "node:test";
import { blackOf, holds, outlines } from "../../src/dcmaudit/web/static/js/areas.js";

const shape = { text: "keep rectangle 2,1 6,4", title: "keep region", keep: true, black: [0, 0, 8, 1, 0, 1, 2, 4, 6, 1, 8, 4, 0, 4, 8, 6] };

test("a rectangle is its own black box, and a row that is none has none", () => {
  assert.deepEqual(blackOf({ box: [1, 2, 3, 4], shape: null }), [[1, 2, 3, 4]]);
  assert.deepEqual(blackOf({ box: null, shape: null }), []);
});

test("a shape is black where the server says, and nowhere else of its box", () => {
  assert.deepEqual(blackOf({ box: [0, 0, 8, 6], shape }), [[0, 0, 8, 1], [0, 1, 2, 4], [6, 1, 8, 4], [0, 4, 8, 6]]);
  assert.equal(holds({ box: [0, 0, 8, 6], shape }, 0.5, 0.5), true);
  assert.equal(holds({ box: [0, 0, 8, 6], shape }, 3.5, 2.5), false);
  assert.equal(holds({ box: [0, 0, 8, 6], shape }, 7.9, 3.9), true);
  assert.equal(holds({ box: [0, 0, 8, 6], shape: null }, 3.5, 2.5), true);
  assert.equal(holds({ box: [0, 0, 8, 6], shape }, 8.5, 2), false);
});

test("the outline of each part goes through its points", () => {
  assert.deepEqual(outlines("keep rectangle 2,1 6,4"), [[[2, 1], [6, 1], [6, 4], [2, 4]]]);
  assert.deepEqual(outlines("polygon 0,0 4,0 4,4 + rectangle 1,1 2,2").length, 2);
  const [fan] = outlines("keep fan 50,-10 10,70 90,70");
  assert.deepEqual(fan[0], [50, -10]);
  assert.ok(Math.hypot(fan[1][0] - 10, fan[1][1] - 70) < 1e-9);
  assert.ok(fan.slice(1).every(([x, y]) => Math.abs(Math.hypot(x - 50, y + 10) - Math.hypot(40, 80)) < 1e-9));
  assert.ok(fan.some(([x, y]) => Math.abs(x - 50) < 1 && y > 75), "by way of the middle, and not around the other side");
  const [ring] = outlines("keep fan 50,-10 90,70 10,70 50,10");
  assert.ok(ring.every(([x, y]) => Math.hypot(x - 50, y + 10) > 19.9));
});
