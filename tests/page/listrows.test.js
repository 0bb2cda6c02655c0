/** Only the rows in sight exist, however long the list is; their signs say what became of a file. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { HIGHEST, labelOf, ListWindow, ROW, signOf, tooltipOf } from "../../src/dcmaudit/web/static/js/listrows.js";

/** @param {Partial<import("../../src/dcmaudit/web/static/js/types.js").WorklistRow>} how */
function row(how) {
  return { index: 0, file_id: 0, name: "/a/b.dcm", short: "a/b.dcm", state: /** @type {any} */ ("not reviewed"), tagged: false, problem: null, gap: null, done_by: null, ...how };
}

test("a short list scrolls pixel by pixel", () => {
  const shown = new ListWindow(1000, 280, 56);
  assert.equal(shown.stretch, 1);
  assert.equal(shown.first, 2);
  assert.equal(shown.end, 13);
  assert.equal(shown.topOf(2), 56);
});

test("the rows in sight never go beyond the list", () => {
  assert.equal(new ListWindow(3, 280, 0).end, 3);
  assert.equal(new ListWindow(0, 280, 0).end, 0);
});

test("every row of a list of millions can be reached, the last one too", () => {
  for (const total of [428_571, 428_572, 1_000_000, 5_000_000]) {
    const full = new ListWindow(total, 560, 0).full;
    assert.ok(full <= HIGHEST);
    const end = new ListWindow(total, 560, full - 560);
    assert.equal(end.end, total, `the end of ${total}`);
    const last = new ListWindow(total, 560, end.revealing(total - 1));
    assert.ok(last.first <= total - 1 && total - 1 < last.end);
  }
});

test("revealing moves as little as possible, and not at all for a row in sight", () => {
  const shown = new ListWindow(1000, 280, 280);
  assert.equal(shown.revealing(12), 280);
  assert.equal(shown.revealing(3), 2 * ROW);
  assert.equal(shown.revealing(100), 100 * ROW - (280 - ROW) + ROW);
  assert.equal(shown.revealing(0), 0);
});

test("the sign says what became of a file, and that not all of it was audited", () => {
  assert.equal(signOf(undefined), "unknown");
  assert.equal(signOf(row({})), "not reviewed");
  assert.equal(signOf(row({ problem: "no decoder" })), "problem");
  assert.equal(signOf(row({ gap: "1 part" })), "not audited");
  assert.equal(signOf(row({ state: "done", gap: "1 part" })), "done not audited");
  assert.equal(signOf(row({ state: "done", gap: "1 part", problem: "no decoder" })), "done not audited");
  assert.equal(signOf(row({ state: "done", problem: "no decoder" })), "problem");
});

test("who finished a file is told, and letters that cannot be seen are written out", () => {
  assert.match(labelOf(row({ state: "done", done_by: "anna", index: 4 })), /^5 a\/b\.dcm, done by anna$/);
  assert.match(labelOf(row({ index: null })), /^left out by the options/);
  assert.doesNotMatch(tooltipOf(row({ name: "/a/\u202egnp.dcm" })), /\u202e/);
});
