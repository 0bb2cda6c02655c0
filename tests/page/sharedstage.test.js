import assert from "node:assert/strict";
import { test } from "node:test";

import { CAPTION, columnsFor, GAP, HALF, together } from "../../src/dcmaudit/web/static/js/sharedstage.js";

/** @param {[number, number]} stage @param {[number, number]} plane @param {number} [ratio] */
const room = (stage, plane, ratio = 1) => ({ stage, plane, ratio });

test("whatever is together on a stage fits and stands at half size or more", () => {
  for (const stage of /** @type {[number, number][]} */ ([[768, 443], [500, 300], [3300, 1900], [300, 700]])) {
    for (const plane of /** @type {[number, number][]} */ ([[160, 160], [256, 256], [512, 512], [640, 480], [1024, 768], [2000, 300], [411, 501]])) {
      for (const ratio of [1, 1.25, 2]) {
        for (let count = 1; count <= 9; count += 1) {
          const few = together(count, room(stage, plane, ratio));
          const { columns, scale } = columnsFor(few, room(stage, plane, ratio));
          const rows = Math.ceil(few / columns);
          assert.ok(columns * plane[0] * scale + (columns - 1) * GAP <= stage[0] + 1e-6);
          assert.ok(rows * (plane[1] * scale + CAPTION) + (rows - 1) * GAP <= stage[1] + 1e-6);
          const shown = (/** @type {number} */ each) => plane.map((edge) => Math.floor(edge * each * ratio) / edge);
          if (few > 1) assert.ok(Math.min(...shown(scale)) >= HALF);
          if (few < count) assert.ok(Math.min(...shown(columnsFor(few + 1, room(stage, plane, ratio)).scale)) < HALF);
        }
      }
    }
  }
});

test("more pixels of the screen have room for more", () => {
  assert.equal(together(9, room([768, 443], [256, 256])), 9);
  assert.equal(together(9, room([768, 443], [512, 512])), 2);
  assert.equal(together(9, room([768, 443], [512, 512], 2)), 9);
  assert.equal(together(9, room([768, 443], [2048, 2048])), 1);
});
