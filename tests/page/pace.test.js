/** How long a list will take, in words. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { paceWords } from "../../src/dcmaudit/web/static/js/pace.js";

test("nothing is said while nobody knows, or nothing is left", () => {
  assert.equal(paceWords({ left: 5, per_hour: null, growing: false }), "");
  assert.equal(paceWords({ left: 0, per_hour: 60, growing: false }), "");
});

test("minutes, hours and days; no time while the list grows", () => {
  assert.equal(paceWords({ left: 10, per_hour: 60, growing: false }), ", 60 an hour: about 10 min");
  assert.equal(paceWords({ left: 1, per_hour: 600, growing: false }), ", 600 an hour: about 1 min");
  assert.equal(paceWords({ left: 150, per_hour: 60, growing: false }), ", 60 an hour: about 3 h");
  assert.equal(paceWords({ left: 14400, per_hour: 60, growing: false }), ", 60 an hour: about 10 days");
  assert.equal(paceWords({ left: 150, per_hour: 60, growing: true }), ", 60 an hour");
});
