/** Every plane has its tick on the strip, and a click on a tick goes to that plane and no other. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { indexAt, lanesOf } from "../../src/dcmaudit/web/static/js/lanes.js";

/** @param {number[]} counts @returns {any[]} */
function groups(counts) {
  let start = 0;
  return counts.map((count, index) => {
    const group = { index, count, start, title: `group ${index}` };
    start += count;
    return group;
  });
}

test("a click in the middle of a tick goes to its plane, however many planes there are", () => {
  for (const counts of [[1], [3, 2], [185, 185, 1], [1, 1, 1, 1], [1000, 20, 5]]) {
    const lanes = lanesOf(groups(counts), 1200);
    for (const lane of lanes) {
      for (let position = 0; position < lane.group.count; position += 1) {
        assert.equal(indexAt(lanes, lane.left + (position + 0.5) * lane.step), lane.group.start + position);
      }
    }
  }
});

test("runs neither overlap nor leave the strip", () => {
  for (const counts of [[1], [5, 5], [100_000, 3], Array(40).fill(2)]) {
    const lanes = lanesOf(groups(counts), 1200);
    lanes.reduce((end, lane) => {
      assert.ok(lane.left >= end - 1e-6 && lane.width > 0);
      return lane.left + lane.width;
    }, 0);
    const last = lanes.at(-1);
    assert.ok(last && last.left + last.width <= 1200 + 1e-6);
  }
});

test("a click beside every run goes to the nearest plane, and nowhere without planes", () => {
  const lanes = lanesOf(groups([4, 4]), 1200);
  assert.equal(indexAt(lanes, -50), 0);
  assert.equal(indexAt(lanes, 5000), 7);
  assert.equal(indexAt([], 10), -1);
});
