/** Keys of one's own: what they change in the table, and which are in each other's way. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { bound, conflicts, ownOf } from "../../src/dcmaudit/web/static/js/bindings.js";
import { keyTable } from "../../src/dcmaudit/web/static/js/keys.js";

/** @type {any[]} */
const table = [
  { name: "next", keys: ["n"], key: "n" },
  { name: "back", keys: ["p", "b"], key: "p" },
  { name: "quit", keys: [], key: null },
];

test("own keys take the place of all keys of a command, or take them away", () => {
  const own = bound(table, { next: ["y", "Ctrl+j"], back: [] });
  assert.equal(own[0]?.key, "y");
  assert.equal(own[1]?.key, null);
  assert.deepEqual([...keyTable(own).keys()], ["y", "Ctrl+j"]);
  assert.deepEqual(table[0].keys, ["n"], "the table stays");
});

test("two commands with one key are told of each other", () => {
  const found = conflicts(bound(table, { next: ["b"] }));
  assert.equal(found.get("next")?.other.name, "back");
  assert.equal(found.get("back")?.key, "b");
  assert.equal(conflicts(table).size, 0);
});

test("only what differs from the table is stored", () => {
  assert.deepEqual(ownOf(table, bound(table, { next: ["n"], quit: ["x"] })), { quit: ["x"] });
});
