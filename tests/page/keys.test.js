/** Keys are named as the table of commands names them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { keyLabel, keyName, keyTable } from "../../src/dcmaudit/web/static/js/keys.js";

/** @param {Partial<KeyboardEvent> & {caps?: boolean}} how */
function pressed({ caps = false, ...how }) {
  const event = { key: "", code: "", ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...how };
  return keyName(/** @type {any} */ ({ ...event, getModifierState: (/** @type {string} */ name) => name === "CapsLock" && caps }));
}

test("small and capital letters are different commands", () => {
  assert.equal(pressed({ key: "n", code: "KeyN" }), "n");
  assert.equal(pressed({ key: "N", code: "KeyN", shiftKey: true }), "N");
});

test("Caps Lock never turns n into N, which would mark a file as done", () => {
  assert.equal(pressed({ key: "N", code: "KeyN", caps: true }), "n");
  assert.equal(pressed({ key: "n", code: "KeyN", shiftKey: true, caps: true }), "N");
});

test("modifiers come first, in one order", () => {
  assert.equal(pressed({ key: "o", code: "KeyO", ctrlKey: true }), "Ctrl+o");
  assert.equal(pressed({ key: "Z", code: "KeyZ", ctrlKey: true, shiftKey: true }), "Ctrl+Shift+Z");
  assert.equal(pressed({ key: "o", code: "KeyO", metaKey: true }), "Ctrl+o");
  assert.equal(pressed({ key: "f", code: "KeyF", altKey: true, ctrlKey: true }), "Alt+Ctrl+f");
});

test("a keyboard with other letters gives the letter of the key's place, capital only with Shift", () => {
  assert.equal(pressed({ key: "т", code: "KeyN" }), "n");
  assert.equal(pressed({ key: "Т", code: "KeyN", shiftKey: true }), "N");
  assert.equal(pressed({ key: "Т", code: "KeyN", caps: true }), "n");
  assert.equal(pressed({ key: "ö", code: "Semicolon" }), "ö");
});

test("keys are shown as people write them", () => {
  assert.equal(keyLabel("Escape"), "Esc");
  assert.equal(keyLabel("Ctrl+o"), "Ctrl+O");
  assert.equal(keyLabel("N"), "N");
});

test("every key of a command leads to it", () => {
  const commands = /** @type {any} */ ([{ name: "redo", keys: ["Ctrl+Shift+Z", "Ctrl+y"] }, { name: "tag", keys: ["t"] }, { name: "filter", keys: [] }]);
  const table = keyTable(commands);
  assert.deepEqual([...table.keys()].sort(), ["Ctrl+Shift+Z", "Ctrl+y", "t"]);
  assert.equal(table.get("Ctrl+y")?.name, "redo");
});
