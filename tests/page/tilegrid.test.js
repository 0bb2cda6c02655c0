import assert from "node:assert/strict";
import { test } from "node:test";

import { between, nudged } from "../../src/dcmaudit/web/static/js/areabox.js";
import { Choice, firstSize, moved, SIZES, TileWindow } from "../../src/dcmaudit/web/static/js/tilegrid.js";

const view = (how = {}) => new TileWindow({ total: 5000, width: 1000, height: 600, scrolled: 0, size: 128, ...how });

test("a wide page begins with larger tiles, of a size that there is", () => {
  for (const usual of SIZES) {
    assert.equal(firstSize(usual, 1280), usual);
    assert.equal(firstSize(usual, 1920), usual);
    assert.ok(SIZES.includes(firstSize(usual, 3840)));
    assert.ok(firstSize(usual, 3840) > usual || usual === SIZES.at(-1));
  }
});

test("only the rows in sight are drawn, wherever the grid is scrolled to", () => {
  for (const scrolled of [0, 1, 175, 176, 9999, 123456]) {
    const shown = view({ scrolled });
    const [first, end] = [shown.first(), shown.end()];
    assert.ok(end - first <= 7 * 5);
    for (let index = first; index < end; index += 1) {
      const [x, y] = shown.at(index);
      assert.ok(x >= 0 && x + 128 <= 1000);
      assert.ok(y + shown.rowHeight > scrolled - 8 && y < scrolled + 600 + 8);
    }
  }
});

test("a grid that is higher than a browser can lay out still reaches its last tile", () => {
  const long = view({ total: 10_000_000 });
  const at = view({ total: 10_000_000, scrolled: long.full - 600 });
  assert.equal(at.end(), 10_000_000);
  const revealed = long.revealing(9_999_999);
  assert.ok(Math.abs(revealed - (long.full - 600)) < 1);
});

test("what is in sight need not be scrolled to, and what is not is scrolled to just so far", () => {
  const shown = view();
  assert.equal(shown.revealing(0), 0);
  const to = shown.revealing(shown.columns * 10);
  const after = view({ scrolled: to });
  assert.ok(after.share(shown.columns * 10) > 0.99);
  assert.equal(after.revealing(shown.columns * 10), to);
});

test("how much of a tile is in sight", () => {
  assert.equal(view().share(0), 1);
  assert.ok(view({ scrolled: 96 }).share(0) < 0.6);
  assert.equal(view({ scrolled: 2000 }).share(0), 0);
});

test("arrows stay within the grid, and up and down in their column", () => {
  const shown = view({ total: 10, width: 400 });
  assert.equal(shown.columns, 2);
  assert.equal(moved("ArrowUp", 1, shown), 1);
  assert.equal(moved("ArrowDown", 8, shown), 8);
  assert.equal(moved("ArrowDown", 1, shown), 3);
  assert.equal(moved("ArrowLeft", 0, shown), 0);
  assert.equal(moved("End", 3, shown), 9);
  assert.equal(moved("Home", 3, shown), 0);
  assert.equal(moved("x", 3, shown), null);
  const short = view({ total: 9, width: 400 });
  assert.equal(moved("ArrowDown", 7, short), 8);
});

test("Shift chooses from where it began, and gives back what it leaves", () => {
  const ids = [10, 11, 12, 13, 14, 15];
  const choice = new Choice();
  choice.toggle(0, ids);
  choice.go(2, ids, false);
  choice.go(4, ids, true);
  assert.deepEqual([...choice.chosen], [10, 12, 13, 14]);
  choice.go(3, ids, true);
  assert.deepEqual([...choice.chosen], [10, 12, 13]);
  choice.go(1, ids, true);
  assert.deepEqual([...choice.chosen], [10, 11, 12]);
});

test("all are chosen, and none where all were; what is not shown stays chosen", () => {
  const choice = new Choice();
  choice.toggle(0, [99]);
  choice.all([1, 2, 3]);
  assert.equal(choice.size, 4);
  choice.all([1, 2, 3]);
  assert.deepEqual([...choice.chosen], [99]);
  choice.clear();
  assert.equal(choice.size, 0);
});

test("a rectangle stays within the plane, moved, grown or drawn", () => {
  assert.deepEqual(nudged([0, 0, 10, 5], [-1, -1], [20, 20], false), [0, 0, 10, 5]);
  assert.deepEqual(nudged([0, 0, 10, 5], [100, 2], [20, 20], false), [10, 2, 20, 7]);
  assert.deepEqual(nudged([5, 5, 10, 10], [-100, 100], [20, 20], true), [5, 5, 6, 20]);
  assert.deepEqual(between([9.5, 2.2], [3.1, -4], [20, 20]), [3, 0, 10, 3]);
  assert.deepEqual(between([30, 30], [30, 30], [20, 20]), [19, 19, 20, 20]);
});
