/** What the table says of a command decides whether it is possible, and what is sent with it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { argumentsOf, isUsable, lacking } from "../../src/dcmaudit/web/static/js/commands.js";

/** @param {object} [how] @returns {any} */
const command = (how = {}) => ({ name: "x", writes: false, needs: "nothing", arguments: [], ...how });
/** @param {object} [how] @returns {any} */
const state = (how = {}) => ({ viewer: false, database: { writable: true }, file: {}, can: { undo: null, redo: null }, ...how });

test("nothing that writes is possible in the viewer, or where the database can only be read", () => {
  assert.equal(isUsable(command({ writes: true }), state()), true);
  assert.equal(isUsable(command({ writes: true }), state({ viewer: true })), false);
  assert.equal(isUsable(command({ writes: true }), state({ database: { writable: false } })), false);
  assert.equal(isUsable(command(), state({ viewer: true })), true);
});

test("what needs a file or a plane is not possible without one", () => {
  for (const needs of ["file", "plane"]) {
    assert.equal(isUsable(command({ needs }), state()), true);
    assert.equal(isUsable(command({ needs }), state({ file: null })), false);
  }
  assert.equal(isUsable(command(), state({ file: null })), true);
});

test("undo and redo are possible where there is something", () => {
  assert.equal(isUsable(command({ needs: "undo" }), state()), false);
  assert.equal(isUsable(command({ needs: "undo" }), state({ can: { undo: "a rectangle", redo: null } })), true);
  assert.equal(isUsable(command({ needs: "redo" }), state({ can: { undo: "a rectangle", redo: null } })), false);
});

test("a choice of files gives a command the arguments that it takes, and no other", () => {
  const choice = { paths: ["/a", "/b"], recursive: true, password: "secret" };
  assert.deepEqual(argumentsOf(command({ arguments: ["names", "recursive"] }), choice), { names: ["/a", "/b"], recursive: true });
  assert.deepEqual(argumentsOf(command({ arguments: ["path"] }), choice), { path: "/a" });
  assert.deepEqual(argumentsOf(command({ arguments: ["path", "password"] }), { paths: ["/a"], recursive: false }), { path: "/a" });
});

test("what is still to be seen of a file is said, and nothing where nothing is", () => {
  assert.equal(lacking(/** @type {any} */ ({ planes: 3, seen: 3 })), "");
  assert.match(lacking(/** @type {any} */ ({ planes: 3, seen: 2 })), /^1 of 3 planes was not seen/);
});
