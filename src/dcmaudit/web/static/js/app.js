/** The page: puts the parts together. State and rules are the server's; this paints and reports. */

import { Api, Lost } from "./api.js";
import { Chrome, Theme } from "./chrome.js";
import { Conductor } from "./conductor.js";
import { Cursor } from "./cursor.js";
import { anyOpen, askComment, askNumber, askQuestion, showHelp, showTags } from "./dialogs.js";
import { byId, settled } from "./dom.js";
import { isTyping, keyName, keyTable } from "./keys.js";
import { Hands } from "./hands.js";
import { canWindow, signatureOf } from "./levels.js";
import { Minimap } from "./minimap.js";
import { Menus } from "./menus.js";
import { choose } from "./opener.js";
import { manageCredentials } from "./s3credentials.js";
import { downloadFromS3 } from "./s3download.js";
import { chooseFromS3 } from "./s3open.js";
import { Panel } from "./panel.js";
import { Planes } from "./planes.js";
import { Pointer } from "./pointer.js";
import { Sheet } from "./sheet.js";
import { sightOf } from "./sight.js";
import { explain } from "./sources.js";
import { SMALL, Stage } from "./stage.js";
import { Strip } from "./strip.js";
import { keep, recall } from "./tab.js";
import { Worklist } from "./worklist.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").DrawnRect} DrawnRect */
/** @typedef {import("./types.js").Trouble} Trouble */
/** @typedef {Exclude<import("./types.js").PageCommand, import("./types.js").OpeningCommand> | "quit"} OwnCommand */

/** Milliseconds for which the stage must stand still before what is on it counts. */
const STILL = 200;
class Page {
  /** @param {Api} api @param {Command[]} commands */
  constructor(api, commands) {
    this.api = api;
    this.commands = commands;
    this.keys = keyTable(commands);
    this.named = new Map(commands.map((command) => [command.name, command]));
    this.chrome = new Chrome();
    this.theme = new Theme();
    this.stage = new Stage(byId("stage", HTMLElement));
    this.minimap = new Minimap(this.stage);
    this.planes = new Planes(() => this.stage.camera.placing);
    this.stage.refine = (plane, view, place) => this.planes.compose(plane, view, place);
    this.stage.recycle = (pixels) => this.planes.recycle(pixels);
    this.cursor = new Cursor(this.stage, (box) => this.conductor.run("cursor", { box }));
    /** @param {unknown} error */
    const failed = (error) => this.#background(error);
    this.worklist = new Worklist(api, (status, text) => void this.conductor.run("walk-list", { status, text }), (row) => this.act("go-file", row.index === null ? { file_id: row.file_id } : { index: row.index }), failed);
    this.strip = new Strip(api, (index) => this.#goPlane(index));
    this.panel = new Panel({
      run: (command, args) => this.act(command, args),
      jump: (rect) => rect.box && this.cursor.place(rect.box),
      light: (id) => this.stage.update({ lit: id }),
    });
    this.sheet = new Sheet({
      api,
      state: () => this.state,
      go: (index) => this.#goPlane(index),
      run: (command, args) => this.conductor.run(command, args),
      goFile: (file, key) => void this.act("go-file", { file_id: file, key }),
      closed: () => this.stage.root.focus({ preventScroll: true }),
    });
    this.menus = new Menus(byId("menubar", HTMLElement), commands, (command) => this.execute(command, false));
    this.conductor = new Conductor({
      api,
      planes: this.planes,
      view: (state) => this.#view(state),
      fits: (plane) => plane.composed?.signature === signatureOf(this.stage.camera.next(plane), this.#view()),
      small: () => this.#small(),
      paint: (state, picture) => this.#paint(state, picture),
      step: (state, picture) => this.#step(state, picture),
      settle: (state) => this.#settle(state),
      busy: (text) => this.chrome.busy(text),
      lost: (why) => this.#lost(why),
      renew: () => this.#renew(),
      refused: (trouble, args) => this.#refused(trouble, args),
      painted: (file, key) => this.#painted(file, key),
      sight: () => this.#sight(),
    });
    this.hands = new Hands(this.stage, () => this.#view(), () => {
      this.#words();
      this.#status();
      this.looked();
    });
    this.pointer = this.#pointer();
    this.asking = false;
    this.own = this.#ownCommands();
    this.looked = settled(() => {
      this.#keepPlace();
      void this.conductor.looked();
    }, STILL);
    this.stage.onmove = () => {
      this.minimap.draw();
      this.chrome.unpin();
      this.#words();
      this.#status();
      this.looked();
    };
    this.stage.onexact = () => void this.conductor.looked();
    this.theme.onchange = () => this.strip.draw();
    this.#listen();
  }

  /** @returns {ViewState|null} */
  get state() {
    return this.conductor.state;
  }

  get mayWrite() {
    const { state } = this;
    return state !== null && !state.viewer && state.database?.writable === true && !this.conductor.lost;
  }

  /** After a reload the plane lies as it lay before. */
  comeBack() {
    const place = /** @type {any} */ (recall("place"));
    const { camera, root } = this.stage;
    const isPlace = place && [place.scale, place.x, place.y].every(Number.isFinite) && place.scale > 0;
    if (!isPlace || !this.stage.plane || place.plane !== root.dataset.plane) return;
    camera.comeBack({ mode: place.mode, scale: place.scale, x: place.x, y: place.y, kept: place.kept === true });
    this.stage.moved();
  }

  #pointer() {
    return new Pointer(this.stage, {
      cursor: () => this.cursor.box,
      mayMark: () => this.mayWrite,
      dragTo: (box, done) => this.cursor.drag(box, done),
      apply: (id) => this.act("apply-one", { id }),
      hover: (id, x, y) => this.#hover(id, x, y),
      mayWindow: () => this.stage.plane !== null && canWindow(this.stage.plane),
      window: (dx, dy, done) => this.hands.drag(dx, dy, done),
      resetWindow: () => this.hands.reset(),
      step: (way) => this.act(way === 1 ? "next-frame" : "previous-frame"),
      wheelZooms: () => this.state?.choices.wheel === "zoom",
      value: (at) => this.hands.tell(at),
    });
  }

  /**
   * Another file, or another state of it: what can change the size of the stage comes first, so that it is drawn once.
   * @param {ViewState} state
   * @param {import("./conductor.js").Picture} picture
   */
  #paint(state, picture) {
    this.chrome.top(state);
    this.#words(state, this.#remark(state, picture));
    this.chrome.setOpening(state.file?.opening === true);
    this.chrome.start(state);
    this.strip.update(state);
    this.stage.measure();
    this.#step(state, picture);
  }

  /**
   * What must change in the same frame as the picture: its number and title, its rectangles, its place in the file.
   * @param {ViewState} state
   * @param {import("./conductor.js").Picture} picture
   */
  #step(state, picture) {
    const name = state.file && state.plane ? `${state.file.file_id}/${state.plane.key}` : "";
    const former = this.stage.root.dataset.plane ?? "";
    const other = former !== name;
    const change = !other ? "same" : former.split("/")[0] === name.split("/")[0] ? "plane" : "file";
    this.stage.root.dataset.plane = name;
    if (change === "file") this.hands.window = null;
    this.cursor.take(state, other);
    const rects = /** @type {DrawnRect[]} */ (state.rects.filter((rect) => rect.box !== null));
    const cursor = state.viewer ? null : this.cursor.box;
    const before = this.stage.shown;
    if (picture.plane) {
      const kept = other ? { lit: null, dragging: false } : { lit: before.lit, dragging: before.dragging };
      this.stage.show(picture.plane, { rects, cursor, redacted: state.view.redacted, ...kept }, change, this.#view(state));
    } else this.stage.clear();
    this.chrome.top(state, this.#remark(state, picture));
    this.chrome.trouble(state, picture.trouble);
    this.#map(state);
    this.panel.update(state, this.mayWrite);
    this.strip.update(state);
    if (other) this.chrome.explain(null, 0, 0);
  }

  /** How planes of a state are looked at. @param {ViewState|null} [state] @returns {import("./levels.js").View} */
  #view(state = this.state) {
    return { rendering: state?.view.rendering ?? "full", inverted: state?.view.inverted ?? false, window: this.hands?.window ?? null };
  }

  /** Where a plane is shown in another way than was asked for, or holds nothing to show. @param {ViewState} state @param {import("./conductor.js").Picture} picture @returns {import("./api.js").Remark|null} */
  #remark(state, { plane }) {
    if (plane && !plane.cells) return { rendering: state.view.rendering, text: SMALL };
    const found = plane?.views[state.view.rendering];
    return found?.note ? { rendering: found.shown, text: found.note } : null;
  }

  /** How large planes come while a key is held down: small over a slow line. @returns {import("./scaling.js").Size|null} */
  #small() {
    const { width, height } = this.stage.camera.stage;
    const how = this.state?.choices.held;
    return how === "small" || (how === "line" && this.planes.isSlow()) ? { width, height } : null;
  }

  /** What goes with a state besides its plane, once that is on the screen. @param {ViewState} state */
  #settle(state) {
    this.chrome.top(state);
    this.chrome.before(state, (command, args) => void this.act(command, args));
    this.chrome.say(state.message, this.#boxOf(state.message?.rect));
    this.#map(state);
    this.strip.update(state);
    this.panel.update(state, this.mayWrite);
    this.worklist.update(state);
    this.sheet.update(state);
    this.menus.update(state, (command) => this.#usable(command, state));
    this.#status(state);
    if (state.question && !this.asking) queueMicrotask(() => void this.#question(state));
  }

  /** What of the plane is in sight; nothing is noted while a rectangle is drawn over it. @returns {import("./sight.js").Sight|null} */
  #sight() {
    return this.pointer.drag ? null : sightOf(this.stage);
  }

  /** @param {ViewState} state */
  #map({ groups, plane }) {
    const seen = plane ? (groups[plane.group]?.seen ?? []) : [];
    this.minimap.update(plane?.map ?? null, seen.some(([from, to]) => plane !== null && plane.position >= from && plane.position < to));
  }

  /** Views that hide something say so above the stage. @param {ViewState|null} [state] @param {import("./api.js").Remark|null} [remark] */
  #words(state = this.state, remark = this.chrome.remark) {
    const { camera } = this.stage;
    const kept = camera.kept ? { zoom: `${Math.round(camera.scale * 100)} %`, isPart: !camera.showsAll } : null;
    if (state) this.chrome.words(state, remark, kept, this.hands?.words ?? "");
  }

  /** @param {ViewState|null} [state] */
  #status(state = this.state) {
    if (state) this.chrome.status(state, this.stage.percent, this.stage.camera.mode === "fit");
  }

  /** For whoever watches the page from outside: this plane is on the screen now. @param {number} file @param {string} key */
  #painted(file, key) {
    document.dispatchEvent(new CustomEvent("plane-painted", { detail: { file, key } }));
  }

  /** @param {ViewState} state */
  async #question(state) {
    if (!state.question || this.asking) return;
    this.asking = true;
    const { command, args, other_args } = state.question;
    const answer = await askQuestion(state.question);
    this.asking = false;
    await (answer ? this.act(command, (answer === "other" && other_args) || args) : this.act("dismiss"));
  }

  /** @param {Command} command @param {ViewState} state */
  #usable(command, state) {
    if (command.writes && (state.viewer || !state.database?.writable)) return false;
    switch (command.needs) {
      case "undo":
        return state.can.undo !== null;
      case "redo":
        return state.can.redo !== null;
      case "nothing":
        return true;
      default:
        return state.file !== null;
    }
  }

  /**
   * @param {string} command
   * @param {Record<string, unknown>} [args]
   * @param {boolean} [repeat]
   */
  act(command, args = {}, repeat = false) {
    const known = this.named.get(command);
    // the file's window, or full range, instead of one's own
    if (command === "voi" || command === "local-contrast") this.hands.reset();
    this.chrome.goOn();
    if (known?.leaves_sheet) this.sheet.close();
    if (command !== "cursor") void this.cursor.flush();
    return this.conductor.run(command, args, repeat);
  }

  /** Where this tab is: no name of a file, for whoever reads what the browser keeps. */
  #keepPlace() {
    const { file, worklist } = this.state ?? {};
    const where = { plane: this.stage.root.dataset.plane, mark: file?.mark, opened: worklist?.opened };
    keep("place", { ...where, ...this.stage.camera.place });
  }

  /**
   * The program was started again and knows nothing of this tab: back to its list, and to its file and plane there.
   * @param {any} place  as it was kept
   */
  async resume(place) {
    const key = String(place?.plane ?? "").split("/")[1];
    const { found, growing } = this.state?.worklist ?? { found: 0, growing: false };
    if (typeof place?.mark !== "string" || !key || !(found || growing || place.opened)) return;
    await this.act("come-back", { mark: place.mark, key, opened: place.opened === true });
  }

  /** An error stands beside the rectangle that it is about. @param {Trouble} trouble @param {Record<string, unknown>} args */
  #refused(trouble, args) {
    const own = Array.isArray(args.box) ? this.cursor.box : null;
    this.chrome.refused(trouble, this.#boxOf(args.id) ?? (own ? this.stage.onPage(own) : undefined));
  }

  /** Where a rectangle of the plane is on the page. @param {unknown} id */
  #boxOf(id) {
    const box = id === undefined || id === null ? null : this.state?.rects.find((rect) => rect.id === id)?.box;
    return box ? this.stage.onPage(box) : undefined;
  }

  /** @param {number} index */
  #goPlane(index) {
    void this.act("go-plane", { index }, this.conductor.running && this.strip.dragging);
  }

  /**
   * A command from a key, a menu or a button.
   * @param {Command} command
   * @param {boolean} repeat
   */
  execute(command, repeat) {
    const { state } = this;
    if (!state || this.conductor.over) return;
    if (repeat && (command.writes || command.once)) return;
    const own = command.dialog ? () => this.#open(command) : this.own[/** @type {OwnCommand} */ (command.name)];
    if (!this.#usable(command, state)) {
      const why = state.viewer ? "This is the viewer: nothing can be marked." : `“${command.label.replace("…", "")}” is not possible now.`;
      if (!repeat) this.chrome.refused({ message: why });
    } else if (this.sheet.isOpen && command.needs === "plane") {
      this.chrome.refused({ message: "A plane is marked where it is seen alone.", hint: "go back to it with Esc first" });
    } else if (own) {
      if (!repeat) void own();
    } else {
      // What is marked is the rectangle on the screen, wherever the server has it.
      const box = command.sends_box ? this.cursor.box : null;
      void this.act(command.name, box ? { box } : {}, repeat);
    }
  }

  /** @returns {Record<OwnCommand, () => unknown>} what the page does itself, or asks before the server does it */
  #ownCommands() {
    const { camera } = this.stage;
    /** @param {() => void} change */
    const look = (change) => () => {
      change();
      this.stage.moved();
    };
    return {
      help: () => showHelp(this.commands),
      info: () => this.state?.file && showTags(() => this.api.tags(this.state?.file?.file_id ?? 0)),
      grid: () => this.#sheet("grid"),
      projection: () => this.#sheet("projection"),
      series: () => this.#sheet("series"),
      fit: look(() => camera.fit()),
      "actual-size": look(() => camera.actualSize()),
      "zoom-in": look(() => camera.zoom(1)),
      "zoom-out": look(() => camera.zoom(-1)),
      "keep-zoom": look(() => this.#keepZoom()),
      "fold-worklist": () => this.#fold("list"),
      "fold-panel": () => this.#fold("panel"),
      theme: () => this.theme.toggle(),
      find: () => byId("listtext", HTMLInputElement).focus(),
      "go-number": () => this.#goNumber(),
      "first-plane": () => this.#goBy(-Infinity),
      "last-plane": () => this.#goBy(Infinity),
      "ten-back": () => this.#goBy(-10),
      "ten-on": () => this.#goBy(10),
      bare: () => this.chrome.refused({ message: "Hold h down: every rectangle is hidden until you let go." }),
      menu: () => this.menus.focus(),
      comment: () => this.#comment(),
      "open-s3": () => this.#openS3(),
      "s3-download": () => downloadFromS3(),
      "s3-credentials": () => manageCredentials(),
      quit: () => this.#quit(),
      "export-rects": () => this.#download("rects.csv"),
      "export-tags": () => this.#download("tags.csv"),
    };
  }

  #keepZoom() {
    this.stage.camera.kept = !this.stage.camera.kept;
    this.#words();
    this.stage.measure();
  }

  /** @param {"grid"|"projection"|"series"} kind */
  #sheet(kind) {
    if (this.sheet.kind === kind) this.sheet.close();
    else this.sheet.open(kind);
  }

  /** @param {"list"|"panel"} pane */
  #fold(pane) {
    const desk = byId("desk", HTMLElement);
    desk.dataset[pane] = desk.dataset[pane] === "no" ? "yes" : "no";
    if (document.activeElement === document.body) this.stage.root.focus({ preventScroll: true });
  }

  /** @param {number} steps */
  #goBy(steps) {
    const { file, plane } = this.state ?? {};
    if (!file?.planes || !plane) return;
    const index = Math.min(file.planes - 1, Math.max(0, plane.index + steps));
    if (index !== plane.index) void this.act("go-plane", { index });
  }

  async #goNumber() {
    const { file, plane } = this.state ?? {};
    if (!file?.planes) return;
    const number = await askNumber(file.planes, plane?.number ?? 1);
    if (number !== null) await this.act("go-plane", { index: number - 1 });
  }

  /** Every rectangle off the stage, or back on it. @param {boolean} bare */
  #bare(bare) {
    if (this.stage.shown.bare === bare) return;
    this.stage.update({ bare });
  }

  async #comment() {
    if (!this.state?.file) return;
    const text = await askComment(this.state.file.comment, this.#lacking(this.state.file));
    if (text !== null) await this.act("comment", { text });
  }

  /** What is still to be seen of a file, in words; empty where nothing is. @param {import("./types.js").FileState} file */
  #lacking(file) {
    const left = file.planes - file.seen;
    return left > 0 ? `${left} of ${file.planes} planes ${left === 1 ? "was" : "were"} not seen; the database notes that.` : "";
  }

  /** @param {Command} command */
  async #open(command) {
    const name = this.state?.file?.name ?? "";
    if (!command.dialog) return;
    const choice = await choose(command.dialog, name.startsWith("/") ? name.slice(0, name.lastIndexOf("/")) || "/" : "");
    if (!choice) return;
    const path = choice.paths[0];
    /** @type {Record<string, unknown>} */
    const given = { names: choice.paths, path, recursive: choice.recursive };
    if (choice.password) given.password = choice.password;
    const taken = Object.entries(given).filter(([name]) => command.arguments.includes(name));
    await this.act(command.name, Object.fromEntries(taken));
    this.stage.root.focus({ preventScroll: true });
  }

  async #openS3() {
    const name = await chooseFromS3();
    if (name === null) return;
    await this.act("open-files", { names: [name] });
    this.stage.root.focus({ preventScroll: true });
  }

  async #quit() {
    if (!(await this.act("quit"))) return;
    this.conductor.over = true;
    this.conductor.lost = true;
    this.chrome.lost("quit");
  }

  /** @param {string} name */
  #download(name) {
    const link = document.createElement("a");
    link.href = `${this.api.base}/export/${name}`;
    link.download = name;
    link.click();
  }

  /** @returns {boolean} */
  #renew() {
    if (document.querySelector("dialog[open]")) return false;
    location.reload();
    return true;
  }

  /** @param {import("./conductor.js").Loss|null} why */
  #lost(why) {
    if (this.conductor.over && why !== null) return;
    this.chrome.lost(why);
    if (this.state) this.panel.update(this.state, this.mayWrite);
    if (why === null) this.#status();
  }

  /** Lists and previews that fail: the conductor finds out by itself when the server has gone. @param {unknown} error */
  #background(error) {
    if (!(error instanceof Lost)) this.chrome.refused({ message: error instanceof Error ? error.message : String(error) });
  }

  /** @param {string|number|null} id @param {number} x @param {number} y */
  #hover(id, x, y) {
    const rect = id === null ? undefined : this.state?.rects.find((each) => each.id === id);
    if (this.stage.shown.lit !== (rect?.id ?? null)) this.stage.update({ lit: rect?.id ?? null });
    this.chrome.explain(rect ? explain(rect) : null, x, y, rect?.box ? this.stage.onPage(rect.box) : undefined);
  }

  #listen() {
    document.addEventListener("keydown", (event) => this.#key(event));
    for (const kind of /** @type {const} */ (["keydown", "keyup", "pointerdown"])) {
      document.addEventListener(kind, (event) => this.chrome.capsLock(event.getModifierState("CapsLock")), { capture: true });
    }
    document.addEventListener("keyup", (event) => {
      if (event.key === " ") this.pointer.space = false;
      if (event.key === "h") this.#bare(false);
      this.conductor.release();
    });
    addEventListener("blur", () => {
      this.#bare(false);
      this.conductor.release();
    });
    for (const button of document.querySelectorAll("button[data-command]")) {
      button.addEventListener("click", () => {
        const command = this.commands.find(({ name }) => button instanceof HTMLElement && name === button.dataset.command);
        if (command) this.execute(command, false);
      });
    }
    byId("theme", HTMLButtonElement).addEventListener("click", () => this.theme.toggle());
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.defaultPrevented || event.isComposing || anyOpen()) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") {
        event.preventDefault();
        this.stage.root.focus({ preventScroll: true });
      }
      return;
    }
    const onStage = event.target === document.body || event.target === this.stage.root;
    if (event.key === " " && onStage) {
      this.pointer.space = true;
      event.preventDefault();
    } else if (event.key === "h" && onStage && !event.ctrlKey && !event.altKey && !event.metaKey) {
      this.#bare(true);
      event.preventDefault();
    } else if (onStage && this.mayWrite && !this.sheet.isOpen && this.cursor.nudge(event)) {
      event.preventDefault();
    } else this.#command(event);
  }

  /** @param {KeyboardEvent} event */
  #command(event) {
    if (event.key === "Escape" && this.#escape()) {
      event.preventDefault();
      return;
    }
    const command = this.keys.get(keyName(event));
    if (!command) return;
    event.preventDefault();
    this.execute(command, event.repeat);
  }

  /** Esc takes away what is in front first; only then it means the next file. */
  #escape() {
    if (this.sheet.isOpen) {
      this.sheet.close();
      return true;
    }
    if (this.pointer.drag) {
      this.pointer.cancel();
      return true;
    }
    return false;
  }
}

async function start() {
  const [api, commands] = await Promise.all([Api.open(), Api.commands()]);
  const page = new Page(api, commands);
  // Before the first state is shown: that takes the place of what was kept.
  const kept = recall("place");
  await page.conductor.start();
  if (api.isNew) await page.resume(kept);
  page.comeBack();
  page.stage.root.focus({ preventScroll: true });
  document.body.dataset.ready = "yes";
}

start().catch((error) => {
  const banner = byId("lost", HTMLElement);
  banner.hidden = false;
  banner.textContent = `The reviewer cannot start: ${error instanceof Error ? error.message : error}`;
});
