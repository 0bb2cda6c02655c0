/** A note about a rectangle stands beside it, and never on it where there is room anywhere. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { beside } from "../../src/dcmaudit/web/static/js/beside.js";

const PAGE = { width: 1280, height: 720 };
const NOTE = { width: 320, height: 60 };

test("wherever the rectangle lies, the note is inside of the page and not on it", () => {
  for (let left = 0; left < 1200; left += 100) {
    for (let top = 0; top < 680; top += 60) {
      const area = /** @type {[number, number, number, number]} */ ([left, top, left + 80, top + 40]);
      const [x, y] = beside(NOTE, area, [left, top], PAGE);
      assert.ok(x >= 0 && y >= 0 && x + NOTE.width <= PAGE.width && y + NOTE.height <= PAGE.height, `${left},${top}`);
      const apart = x >= area[2] || x + NOTE.width <= area[0] || y >= area[3] || y + NOTE.height <= area[1];
      assert.ok(apart, `${left},${top}: ${x},${y}`);
    }
  }
});

test("a rectangle as large as the page has it in the corner away from where one looks", () => {
  const [x, y] = beside(NOTE, [0, 0, 1280, 720], [10, 10], PAGE);
  assert.ok(x > 640 && y > 360);
});
