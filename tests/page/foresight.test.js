/** What a command will lead to, before the server answers; null where only the server knows. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { agree, foreseen, isBeside, nearOf, planeOf } from "../../src/dcmaudit/web/static/js/foresight.js";

/** @param {object} [more] @returns {any} */
function state(more = {}) {
  return {
    revision: 3, file: { file_id: 4, error: null }, plane: { key: "f0", image: "/p", error: null }, rects: [], handled: null, question: null,
    message: { text: "hello" }, view: { rendering: "full", inverted: false }, database: { location: "/db" }, near: { next: null, previous: null }, ...more,
  };
}

const beside = { plane: { key: "f1", image: "/q", error: null }, rects: [{ id: "1" }], handled: null, can: {} };

test("a step leads to the plane that the server has described, with its rectangles and without the old message", () => {
  const found = foreseen(state({ near: { next: beside, previous: null } }), "next-frame");
  assert.equal(found?.plane?.key, "f1");
  assert.deepEqual(found?.rects, beside.rects);
  assert.equal(found?.message, null);
  assert.deepEqual(found?.near, { next: null, previous: null });
});

test("nothing is foreseen of a plane without a picture, with an error, or while a question is open", () => {
  for (const plane of [{ ...beside.plane, image: null }, { ...beside.plane, error: { message: "no" } }]) {
    assert.equal(foreseen(state({ near: { next: { ...beside, plane }, previous: null } }), "next-frame"), null);
  }
  const asked = state({ near: { next: beside, previous: null }, question: { text: "?" } });
  assert.equal(foreseen(asked, "next-frame"), null);
  assert.equal(nearOf(asked, "next-frame"), null);
  assert.equal(foreseen(state(), "previous-frame"), null);
  assert.equal(foreseen(state(), "tag"), null);
  assert.equal(foreseen(null, "next-frame"), null);
});

test("levels change what is shown of the same plane; local contrast is the server's", () => {
  assert.equal(foreseen(state(), "invert")?.view.inverted, true);
  assert.equal(foreseen(state(), "voi")?.view.rendering, "voi");
  assert.equal(foreseen(state({ view: { rendering: "voi", inverted: true } }), "voi")?.view.rendering, "full");
  assert.equal(foreseen(state({ view: { rendering: "local", inverted: false } }), "voi"), null);
});

test("states agree where the stage shows the same; another database is no mere addition beside it", () => {
  assert.ok(agree(state(), state({ revision: 9, message: null })));
  assert.ok(!agree(state(), state({ rects: [{ id: "1" }] })));
  assert.ok(isBeside(state(), state({ revision: 9 })));
  assert.ok(!isBeside(state(), state({ database: { location: "/other" } })));
  assert.ok(!isBeside(state(), state({ file: { file_id: 4, error: { message: "gone" } } })));
  assert.equal(planeOf(state()), "4/f0");
  assert.equal(planeOf({ file: null, plane: null }), null);
});
