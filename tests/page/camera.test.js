/** How a plane lies on the stage: fitted by default, zoomed about a point, never lost from sight. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Camera } from "../../src/dcmaudit/web/static/js/camera.js";

function camera() {
  const made = new Camera();
  made.resize(800, 600);
  made.show(400, 200, "file");
  return made;
}

/** @param {Camera} one */
function inSight(one) {
  const [left, top] = one.toStage(0, 0);
  const [right, bottom] = one.toStage(one.plane.width, one.plane.height);
  return right > 0 && bottom > 0 && left < one.stage.width && top < one.stage.height;
}

test("a plane is fitted whole and in the middle", () => {
  const one = camera();
  assert.equal(one.mode, "fit");
  assert.ok(one.showsAll);
  const [x, y] = one.toStage(200, 100);
  assert.ok(Math.abs(x - 400) <= 1 && Math.abs(y - 300) <= 1);
});

test("the point under the mouse stays under it while zooming", () => {
  const one = camera();
  const before = one.toPlane(300, 250);
  one.zoom(3, 300, 250);
  const after = one.toPlane(300, 250);
  assert.ok(Math.abs(before[0] - after[0]) < 1 && Math.abs(before[1] - after[1]) < 1);
  assert.equal(one.mode, "free");
});

test("stage and plane are each other's inverse", () => {
  const one = camera();
  one.zoom(2, 10, 20);
  one.pan(7, -3);
  const [x, y] = one.toPlane(...one.toStage(123, 45));
  assert.ok(Math.abs(x - 123) < 1e-9 && Math.abs(y - 45) < 1e-9);
});

test("no panning and no zooming loses the plane from sight", () => {
  const one = camera();
  for (const [dx, dy] of [[1e6, 0], [-1e6, 0], [0, 1e6], [0, -1e6]]) {
    one.pan(dx ?? 0, dy ?? 0);
    assert.ok(inSight(one), `${dx},${dy}`);
  }
  one.zoom(-1000);
  assert.ok(inSight(one) && one.scale > 0);
  one.zoom(1000);
  assert.ok(inSight(one) && Number.isFinite(one.scale));
});

test("another plane is shown whole, unless somebody chose to keep the zoom; another file always is", () => {
  const one = camera();
  one.zoom(4);
  one.show(400, 200, "plane");
  assert.ok(one.showsAll, "what lies outside of a zoomed stage is not seen");
  one.kept = true;
  one.zoom(4);
  const { scale, x, y } = one;
  one.show(400, 200, "plane");
  assert.deepEqual({ scale: one.scale, x: one.x, y: one.y }, { scale, x, y });
  one.show(300, 200, "plane");
  assert.ok(one.showsAll, "a plane of another size");
  one.zoom(4);
  one.show(300, 200, "file");
  assert.ok(one.showsAll, "another file");
});

test("actual size is one pixel for one pixel", () => {
  const one = camera();
  one.actualSize();
  assert.equal(one.scale, 1);
});

test("a rectangle is brought into sight with as little movement as possible, and none where it is there", () => {
  const one = camera();
  one.zoom(8);
  one.reveal([0, 0, 20, 10]);
  const [left, top] = one.toStage(0, 0);
  assert.ok(left >= 0 && top >= 0);
  const { x, y } = one;
  one.reveal([0, 0, 20, 10]);
  assert.deepEqual([one.x, one.y], [x, y]);
});

test("after a reload it looks where it looked", () => {
  const one = camera();
  one.zoom(5, 100, 100);
  const other = camera();
  other.comeBack(one.place);
  assert.ok(Math.abs(other.scale - one.scale) < 1e-9);
  assert.ok(Math.abs(other.x - one.x) <= 1 && Math.abs(other.y - one.y) <= 1);
});
