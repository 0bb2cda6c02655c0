/** What a screen reader is told. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { boxWords, changeWords, placeWords } from "../../src/dcmaudit/web/static/js/spoken.js";

const stored = (id) => ({ id, stored: true });
const base = {
  worklist: { number: 1, total: 3 },
  file: { file_id: 7, state: "not reviewed", comment: "" },
  plane: { key: "f1", title: "frame 2/24" },
  rects: [],
  chosen: null,
};
const changed = (more) => ({ ...base, ...more });

test("the place is the number in the list, the plane and what is remarked on it", () => {
  assert.equal(placeWords(base, ""), "1 of 3, frame 2/24");
  assert.equal(placeWords(base, "a value is NaN"), "1 of 3, frame 2/24: a value is NaN");
  assert.equal(placeWords(changed({ plane: null }), ""), "");
});

test("marks that come and go on the plane are counted, suggestions are not", () => {
  const one = changed({ rects: [stored("r1"), { id: "s1", stored: false }] });
  assert.equal(changeWords(base, one), "1 mark on this plane.");
  assert.equal(changeWords(one, changed({ rects: [stored("r1"), stored("r2")] })), "2 marks on this plane.");
  assert.equal(changeWords(one, base), "No marks on this plane.");
  assert.equal(changeWords(base, changed({ rects: [{ id: "s1", stored: false }] })), "");
});

test("another plane or file is no change of this one", () => {
  const rects = [stored("r1")];
  assert.equal(changeWords(base, changed({ rects, plane: { key: "f2", title: "frame 3/24" } })), "");
  assert.equal(changeWords(base, changed({ rects, file: { ...base.file, file_id: 8, state: "done" } })), "");
  assert.equal(changeWords(null, base), "");
});

test("the file's state and comment are told when they change", () => {
  const file = (more) => changed({ file: { ...base.file, ...more } });
  assert.equal(changeWords(base, file({ state: "tagged" })), "The file is tagged.");
  assert.equal(changeWords(base, file({ state: "in work" })), "");
  assert.equal(changeWords(base, file({ state: "done", comment: "x" })), "The file is done. The comment is stored.");
  assert.equal(changeWords(file({ comment: "x" }), base), "The comment is gone.");
});

test("a rectangle has a place and a size", () => {
  assert.equal(boxWords([3, 4, 13, 24]), "Rectangle at 3, 4, 10 by 20 pixels.");
});
