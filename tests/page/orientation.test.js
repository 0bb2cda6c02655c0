/** A turned view: whole pixels to whole pixels, there and back again. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Camera } from "../../src/dcmaudit/web/static/js/camera.js";
import { areaOf, fromUpright, mirrored, movement, sizeOf, toUpright, turned, turnPixels, UPRIGHT } from "../../src/dcmaudit/web/static/js/orientation.js";
import { areaOnStage, paintPlane } from "../../src/dcmaudit/web/static/js/painting.js";
import { cornerOf } from "../../src/dcmaudit/web/static/js/rectangle.js";

const ALL = [0, 1, 2, 3].flatMap((quarters) => [false, true].map((isMirrored) => ({ quarters, mirrored: isMirrored })));
const SIZE = { width: 3, height: 2 };

/** @param {import("../../src/dcmaudit/web/static/js/orientation.js").Orientation} orientation */
function pixels(orientation) {
  const out = new Uint32Array(6);
  turnPixels(orientation, Uint32Array.of(1, 2, 3, 4, 5, 6), SIZE, out);
  return [...out];
}

test("a quarter to the right, upside down, to the left, mirrored", () => {
  assert.deepEqual(pixels({ quarters: 1, mirrored: false }), [4, 1, 5, 2, 6, 3]);
  assert.deepEqual(pixels({ quarters: 2, mirrored: false }), [6, 5, 4, 3, 2, 1]);
  assert.deepEqual(pixels({ quarters: 3, mirrored: false }), [3, 6, 2, 5, 1, 4]);
  assert.deepEqual(pixels({ quarters: 0, mirrored: true }), [3, 2, 1, 6, 5, 4]);
});

test("turning and mirroring are what is seen on the screen", () => {
  assert.deepEqual(turned({ quarters: 0, mirrored: true }, -1), { quarters: 3, mirrored: true });
  // turned right, then left and right changed: rows of [4 1] [5 2] [6 3] become [1 4] [2 5] [3 6]
  assert.deepEqual(pixels(mirrored({ quarters: 1, mirrored: false })), [1, 4, 2, 5, 3, 6]);
  for (const one of ALL) assert.deepEqual(mirrored(mirrored(one)), one);
});

test("points go there and back, pixels and areas as points do", () => {
  for (const one of ALL) {
    for (const [x, y] of /** @type {[number, number][]} */ ([[0, 0], [0.25, 1.5], [3, 2], [2, 0]])) {
      assert.deepEqual(toUpright(one, ...fromUpright(one, x, y, SIZE), SIZE), [x, y]);
    }
    const out = pixels(one);
    const { width } = sizeOf(one, SIZE);
    const [x, y] = fromUpright(one, 2.5, 0.5, SIZE); // the pixel 3
    assert.equal(out[Math.floor(y) * width + Math.floor(x)], 3);
    assert.deepEqual(areaOf(one, { left: 0, top: 0, ...SIZE }, SIZE), { left: 0, top: 0, ...sizeOf(one, SIZE) });
  }
});

test("a movement on the screen is one of the plane, and so is the corner that Ctrl and an arrow move", () => {
  assert.deepEqual(movement({ quarters: 1, mirrored: false }, 1, 0), [0, -1]);
  assert.deepEqual(movement({ quarters: 2, mirrored: false }, 1, 2), [-1, -2]);
  assert.deepEqual(movement({ quarters: 0, mirrored: true }, 1, 2), [-1, 2]);
  assert.deepEqual(ALL.map(cornerOf), ["se", "sw", "ne", "nw", "nw", "ne", "sw", "se"]);
});

test("the camera maps the screen to the plane and back, however it is turned, zoomed and moved", () => {
  for (const one of ALL) {
    const camera = new Camera();
    camera.resize(801, 601);
    camera.show(400, 200, "file");
    if (one.mirrored) camera.mirror();
    camera.turn(one.quarters);
    assert.deepEqual(camera.orientation, one);
    assert.ok(camera.showsAll);
    const [x0, y0, x1, y1] = camera.outer([0, 0, 400, 200]);
    assert.ok(x0 >= 0 && y0 >= 0 && x1 <= 801 && y1 <= 601, "all of it is on the screen");
    const under = camera.toPlane(300, 250);
    camera.zoom(3, 300, 250);
    const after = camera.toPlane(300, 250);
    assert.ok(Math.hypot(after[0] - under[0], after[1] - under[1]) < 1);
    camera.pan(20, -10);
    const moved = camera.toStage(...after);
    assert.ok(Math.abs(moved[0] - 320) < 1e-6 && Math.abs(moved[1] - 240) < 1e-6, "it follows the hand");
    assert.ok(Number.isInteger(camera.x) && Number.isInteger(camera.y));
    camera.show(400, 200, "file");
    assert.deepEqual(camera.orientation, UPRIGHT);
    assert.deepEqual(camera.stage, camera.screen);
  }
});

test("a turned picture has the pixels of the upright one, smaller and larger than life", () => {
  const values = { width: 30, height: 20, channels: 1, cells: Uint8Array.from({ length: 600 }, (_, at) => (at * 7) % 256) };
  const table = [Uint8Array.from({ length: 256 }, (_, value) => value)];
  for (const scale of [0.6, 1, 2.5]) {
    const stage = { width: 41, height: 37 };
    const at = { scale, x: 5, y: -3, stage };
    const area = areaOnStage({ ...at, orientation: UPRIGHT }, values);
    const plain = new Uint32Array(area.width * area.height);
    paintPlane(values, table, { ...at, orientation: UPRIGHT }, plain, false);
    for (const orientation of ALL) {
      const place = { ...at, orientation };
      const onStage = areaOnStage(place, values);
      const out = new Uint32Array(onStage.width * onStage.height);
      paintPlane(values, table, place, out, false);
      for (let y = 0; y < area.height; y += 1) {
        for (let x = 0; x < area.width; x += 1) {
          const [sx, sy] = fromUpright(orientation, area.left + x + 0.5, area.top + y + 0.5, stage);
          const found = out[(Math.floor(sy) - onStage.top) * onStage.width + Math.floor(sx) - onStage.left];
          assert.equal(found, plain[y * area.width + x]);
        }
      }
    }
  }
});
