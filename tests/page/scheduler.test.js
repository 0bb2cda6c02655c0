/** One thing after the other: no plane under another's number, no older state over a newer one, no error lost. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

/** @type {any} */
const world = globalThis;
world.requestAnimationFrame = (/** @type {() => void} */ work) => setTimeout(work, 1);
/** @type {Map<string, () => void>} */
const heard = new Map();
world.addEventListener = (/** @type {string} */ name, /** @type {() => void} */ work) => heard.set(name, work);
world.MessageChannel = class {
  constructor() {
    this.port1 = { onmessage: () => {} };
    this.port2 = { postMessage: () => setImmediate(() => this.port1.onmessage()) };
  }
};
world.document = { visibilityState: "visible", addEventListener() {}, getElementById: () => null };

const { Scheduler } = await import("../../src/dcmaudit/web/static/js/scheduler.js");
const { Refusal } = await import("../../src/dcmaudit/web/static/js/asking.js");

/** @param {number} index @param {number} revision @param {object} [more] @returns {any} */
function state(index, revision, more = {}) {
  const plane = { index, number: index + 1, key: `f${index}`, title: `frame ${index + 1}`, image: `/plane/0/f${index}?`, error: null, group: 0, position: index };
  return {
    revision, file: { file_id: 0, error: null, opening: false }, plane, rects: [], handled: null, question: null, message: null,
    view: { rendering: "full", inverted: false }, database: { location: "/db" }, worklist: { growing: false },
    near: { next: null, previous: null }, prefetch: [], ...more,
  };
}

/** @type {string[]} what happened, in order */
let told = [];
/** @type {Map<string, (args: any) => Promise<any>>} what the server answers to a command */
let answers = new Map();
/** @type {any} */
let scheduler;

beforeEach(async () => {
  told = [];
  answers = new Map();
  const planes = {
    shownUrl: null, peek: () => null, abandonOthers() {}, prefetch() {}, recycle() {},
    /** @param {string|null} url */
    show(url) {
      this.shownUrl = /** @type {any} */ (url);
    },
    /** @param {string} url */
    async get(url) {
      told.push(`read ${url}`);
      return { url };
    },
  };
  const api = {
    base: "/api/d/x",
    /** @param {any} poll */
    state: async (poll) => (poll ? new Promise(() => {}) : state(0, 1)),
    /** @param {string} command @param {any} args */
    act: async (command, args) => {
      told.push(`ask ${command}`);
      return /** @type {any} */ (answers.get(command))(args);
    },
    /** @param {any[]} _painted @param {any} unsent */
    farewell(_painted, unsent) {
      told.push(`farewell with ${unsent?.command ?? "nothing"}`);
    },
  };
  /** @param {any} one @param {any} picture */
  const paint = (one, picture) => told.push(`paint ${one.plane.title} with ${picture.plane?.url}`);
  scheduler = new Scheduler(/** @type {any} */ ({
    api, planes, paint, step: paint, view: () => ({}), fits: () => true, small: () => null,
    settle: (/** @type {any} */ one) => told.push(`settle ${one.revision}`), busy() {}, lost: (/** @type {any} */ why) => told.push(`lost ${why}`), renew: () => false,
    refused: (/** @type {any} */ trouble, /** @type {any} */ args) => told.push(`refused ${trouble.message} of ${args.id ?? "nothing"}`),
    painted: (/** @type {number} */ _file, /** @type {string} */ key) => told.push(`painted ${key}`), sight: () => null,
  }));
  await scheduler.start();
  told = [];
});

afterEach(() => {
  scheduler.over = scheduler.lost = true; // it watches no longer
});

test("number and picture are changed together, and the next command begins only after that", async () => {
  answers.set("next-frame", async () => state(1, 2));
  answers.set("next-overlay", async () => state(2, 3));
  await Promise.all([scheduler.run("next-frame"), scheduler.run("next-overlay")]);
  assert.deepEqual(told.filter((each) => /^(ask|paint)/.test(each)), [
    "ask next-frame", "paint frame 2 with /plane/0/f1?", "painted f1",
    "ask next-overlay", "paint frame 3 with /plane/0/f2?", "painted f2",
  ]);
});

test("a plane that is slow is never skipped by the next one", async () => {
  answers.set("next-frame", async () => state(scheduler.state.plane.index + 1, scheduler.state.revision + 1));
  await Promise.all([1, 2, 3].map(() => scheduler.run("next-frame")));
  assert.deepEqual(told.filter((each) => each.startsWith("painted")), ["painted f1", "painted f2", "painted f3"]);
});

test("repeats of a held key are dropped while something is under way", async () => {
  answers.set("tag", async () => state(0, 2));
  const first = scheduler.run("tag");
  assert.equal(await scheduler.run("tag", {}, true), false);
  assert.equal(await first, true);
  assert.equal(told.filter((each) => each === "ask tag").length, 1);
});

test("a state that is older than the one on the screen changes nothing", async () => {
  answers.set("next-frame", async () => state(1, 9));
  answers.set("tag", async () => state(0, 5));
  await scheduler.run("next-frame");
  await scheduler.run("tag");
  assert.equal(scheduler.state.plane.index, 1);
});

test("a refusal is told with what it was about, and the commands after it go on", async () => {
  answers.set("remove-rect", async () => Promise.reject(new Refusal("the database is locked", null, 503)));
  answers.set("next-frame", async () => state(1, 2));
  const [refused, done] = await Promise.all([scheduler.run("remove-rect", { id: "r7" }), scheduler.run("next-frame")]);
  assert.deepEqual([refused, done], [false, true]);
  assert.ok(told.includes("refused the database is locked of r7"));
  assert.ok(told.includes("painted f1"));
});

test("a browser that the server does not know any more stops asking", async () => {
  answers.set("tag", async () => Promise.reject(new Refusal("no cookie", null, 403)));
  assert.equal(await scheduler.run("tag"), false);
  assert.ok(told.includes("lost started again"));
  assert.equal(await scheduler.run("tag"), false);
  assert.equal(told.filter((each) => each === "ask tag").length, 1);
});

test("a page that goes away tells the step whose plane is on the screen, if the server does not know it yet", async () => {
  const { plane } = state(1, 2);
  scheduler.state.near = { next: { plane, rects: [], handled: null, can: {} }, previous: null };
  scheduler.parts.planes.peek = () => ({ url: plane.image });
  const leave = /** @type {() => void} */ (heard.get("pagehide"));
  const { show } = scheduler.parts.planes;
  scheduler.parts.planes.show = (/** @type {string} */ url) => {
    show.call(scheduler.parts.planes, url);
    leave();
  };
  answers.set("next-frame", async () => {
    leave();
    return state(1, 2);
  });
  await scheduler.run("next-frame");
  leave();
  assert.deepEqual(told.filter((each) => /^(ask|farewell|paint )/.test(each)), [
    "paint frame 2 with /plane/0/f1?", "farewell with next-frame", "ask next-frame",
  ]);
});
