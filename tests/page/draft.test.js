import assert from "node:assert/strict";
import { test } from "node:test";
import { edgeAt, parsedOf } from "../../src/dcmaudit/web/static/js/draft.js";

test("a stored shape of one part is taken up with its points", () => {
  assert.deepEqual(parsedOf("keep fan 5,-1 0,9 9,9 5,2"), { kind: "fan", points: [[5, -1], [0, 9], [9, 9], [5, 2]], keep: true });
  assert.deepEqual(parsedOf("polygon 1,1 5,1 5,5"), { kind: "polygon", points: [[1, 1], [5, 1], [5, 5]], keep: false });
  assert.deepEqual(parsedOf("keep rectangle 1,2 5,6")?.points, [[1, 2], [5, 2], [5, 6], [1, 6]]);
});

test("a shape of several parts is not adjusted here", () => {
  assert.equal(parsedOf("keep fan 5,-1 0,9 9,9 + rectangle 1,1 2,2"), null);
});

test("an edge is taken within reach, and no other", () => {
  const square = [[0, 0], [100, 0], [100, 100], [0, 100]];
  assert.equal(edgeAt(square, 50, 4, 10), 0);
  assert.equal(edgeAt(square, 97, 50, 10), 1);
  assert.equal(edgeAt(square, 2, 50, 10), 3);
  assert.equal(edgeAt(square, 50, 50, 10), -1);
});
