/** The page: puts the parts together. State and rules are the server's; this paints and reports. */

import { Api } from "./api.js";
import { Lost } from "./asking.js";
import { Scheduler } from "./scheduler.js";
import { HandledRectangle } from "./handled.js";
import { askQuestion } from "./dialogs.js";
import { byId, settled } from "./dom.js";
import { Draft } from "./draft.js";
import { keepPlace } from "./place.js";
import { isUsable } from "./commands.js";
import { bound } from "./bindings.js";
import { Cine } from "./cine.js";
import { CommandRunner } from "./commandrunner.js";
import { KeyDialog } from "./keydialog.js";
import { Lens } from "./lens.js";
import { Keyboard } from "./keyboard.js";
import { keyLabel, keyTable } from "./keys.js";
import { Hands } from "./hands.js";
import { signatureOf } from "./levels.js";
import { SMALL } from "./marklayer.js";
import { Minimap } from "./minimap.js";
import { Menus } from "./menus.js";
import { Messages } from "./messages.js";
import { Panel } from "./panel.js";
import { PlaneChange } from "./planechange.js";
import { Planes } from "./planes.js";
import { pointerOf } from "./pagepointer.js";
import { Outputs } from "./outputs.js";
import { Overview } from "./overview.js";
import { sightOf } from "./sight.js";
import { Spoken } from "./spoken.js";
import { Stage } from "./stage.js";
import { StageCards } from "./stagecards.js";
import { StartPage } from "./startpage.js";
import { StatusLine } from "./statusline.js";
import { Strip } from "./strip.js";
import { Theme } from "./theme.js";
import { TopLine } from "./topline.js";
import { Worklist } from "./worklist.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").DrawnRect} DrawnRect */
/** @typedef {import("./types.js").Trouble} Trouble */

/** Milliseconds for which the stage must stand still before what is on it counts. */
const STILL = 200;

export class Page {
  /** @param {Api} api @param {Command[]} commands */
  constructor(api, commands) {
    this.api = api;
    /** As the program has them, and with the user's own keys. */
    this.table = commands;
    this.commands = commands;
    this.keys = keyTable(commands);
    this.bindings = "{}";
    this.keyDialog = new KeyDialog(commands);
    this.cine = new Cine(this);
    this.named = new Map(commands.map((command) => [command.name, command]));
    this.topLine = new TopLine((name) => this.keyOf(name));
    this.statusLine = new StatusLine((name) => this.keyOf(name));
    this.messages = new Messages();
    this.keyboard = new Keyboard(this);
    this.spoken = new Spoken(byId("spoken", HTMLElement));
    this.cards = new StageCards();
    this.startPage = new StartPage();
    this.theme = new Theme();
    this.stage = new Stage(byId("stage", HTMLElement));
    this.minimap = new Minimap(this.stage);
    this.change = new PlaneChange(this.stage.root);
    this.planes = new Planes(() => this.stage.camera.placing);
    this.stage.picture.refine = (plane, view, place) => this.planes.compose(plane, view, place);
    this.stage.picture.recycle = (pixels) => this.planes.recycle(pixels);
    this.handled = new HandledRectangle(this.stage, (box) => this.scheduler.run("cursor", { box }));
    /** @param {unknown} error */
    const failed = (error) => this.#background(error);
    this.worklist = new Worklist(api, (status, text) => void this.scheduler.run("walk-list", { status, text }), (row) => this.act("go-file", row.index === null ? { file_id: row.file_id } : { index: row.index }), failed);
    this.strip = new Strip(api, (index) => this.#goPlane(index));
    this.panel = new Panel({
      run: (command, args) => this.act(command, args),
      jump: (rect) => rect.box && (rect.shape ? this.mayWrite && rect.stored && this.draft.adjust(rect) : this.handled.place(rect.box)),
      light: (id) => this.stage.update({ lit: id }),
    });
    this.overview = new Overview({
      api,
      state: () => this.state,
      go: (index) => this.#goPlane(index),
      run: (command, args) => this.scheduler.run(command, args),
      goFile: (file, key) => void this.act("go-file", { file_id: file, key }),
      keyOf: (name) => this.keyOf(name),
      say: (message, hint) => this.messages.refused(hint ? { message, hint } : { message }),
      mayWrite: () => this.mayWrite,
      changed: () => this.#over(),
      closed: () => this.stage.root.focus({ preventScroll: true }),
    });
    this.outputs = new Outputs(api, failed);
    this.menus = new Menus(byId("menubar", HTMLElement), commands, (command) => this.execute(command, false));
    this.scheduler = new Scheduler({
      api,
      planes: this.planes,
      view: (state) => this.#view(state),
      fits: (plane) => plane.composed?.signature === signatureOf(this.stage.camera.next(plane), this.#view()),
      small: () => this.#small(),
      paint: (state, picture) => this.#paint(state, picture),
      step: (state, picture) => this.#step(state, picture),
      settle: (state) => this.#settle(state),
      busy: (text, command) => this.#busy(text, command),
      lost: (why) => this.#lost(why),
      renew: () => this.#renew(),
      refused: (trouble, args) => this.#refused(trouble, args),
      painted: (file, key) => this.#painted(file, key),
      sight: () => this.#sight(),
    });
    this.hands = new Hands(this.stage, () => this.#view(), () => {
      this.words();
      this.#status();
      this.looked();
    });
    this.draft = new Draft(this.stage, {
      handled: () => this.handled.box,
      store: (args) => this.act("mark-shape", args),
      tell: (message) => this.messages.tell(message),
      say: (message) => this.messages.say({ text: message, kind: "info" }),
      refuse: (message) => this.messages.refused({ message }),
    });
    this.pointer = pointerOf(this);
    this.lens = new Lens(this.stage, () => this.pointer.place());
    this.asking = false;
    /** @type {ViewState["file"]|undefined} what the line below counts, and the zoom that it has */
    this.counted = undefined;
    this.zoomed = 0;
    this.runner = new CommandRunner(this);
    this.looked = settled(() => {
      keepPlace(this);
      void this.scheduler.looked();
    }, STILL);
    this.stage.onmove = () => {
      this.lens.draw();
      this.minimap.draw();
      this.messages.unpin();
      this.words();
      this.#status();
      this.looked();
    };
    this.stage.picture.onexact = () => void this.scheduler.looked();
    this.theme.onchange = () => this.strip.draw();
    this.keyboard.listen();
  }

  /** @returns {ViewState|null} */
  get state() {
    return this.scheduler.state;
  }

  get mayWrite() {
    const { state } = this;
    return state !== null && !state.viewer && state.database?.writable === true && !this.scheduler.lost;
  }

  /**
   * Another file, or another state of it: what can change the size of the stage comes first, so that it is drawn once.
   * @param {ViewState} state
   * @param {import("./scheduler.js").Picture} picture
   */
  #paint(state, picture) {
    // a window that ends here is not told of any more
    const change = this.#arrive(state);
    this.topLine.update(state);
    this.words(state, this.#remark(state, picture));
    this.cards.setOpening(state.file?.opening === true);
    this.startPage.update(state);
    this.strip.update(state);
    this.stage.measure();
    this.#step(state, picture, change);
  }

  /**
   * What must change in the same frame as the picture: its number and title, its rectangles, its place in the file.
   * @param {ViewState} state
   * @param {import("./scheduler.js").Picture} picture
   * @param {"same"|"plane"|"file"} [change]  what is another one than before
   */
  #step(state, picture, change = this.#arrive(state)) {
    const other = change !== "same";
    if (other) this.draft.end(true);
    this.handled.take(state, other);
    const rects = /** @type {DrawnRect[]} */ (state.rects.filter((rect) => rect.box !== null));
    const handled = state.viewer ? null : this.handled.box;
    const before = this.stage.shown;
    if (picture.plane) {
      const kept = other ? { lit: null, dragging: false } : { lit: before.lit, dragging: before.dragging, draft: before.draft ?? null };
      this.stage.show(picture.plane, { rects, handled, redacted: state.view.redacted, chosen: state.chosen, pointed: state.plane?.pointed ?? [], bare: this.keyboard.isBare, ...kept }, change, this.#view(state));
      this.#reveal(state, before);
    } else this.stage.clear();
    this.hands.tell();
    this.lens.draw();
    this.topLine.update(state, this.#remark(state, picture));
    this.cards.trouble(state, picture.trouble);
    this.#map(state);
    this.panel.update(state, this.mayWrite, this.overview.isOpen);
    this.strip.update(state);
    // On the way of a held key nothing settles: what the strip says of planes that were seen, the line says too.
    if (this.counted !== state.file || this.zoomed !== this.stage.percent) this.#status(state);
    if (other) this.cards.explain(null, 0, 0);
  }

  /** A suggestion that was chosen just now is in sight, or the first place that was pointed at. @param {ViewState} state @param {import("./marklayer.js").Marks} before */
  #reveal({ chosen, rects, plane }, before) {
    const isPointed = plane?.pointed.length && JSON.stringify(plane.pointed) !== JSON.stringify(before.pointed);
    const box = isPointed ? plane.pointed[0] : chosen !== null && chosen !== before.chosen ? rects.find(({ id }) => id === chosen)?.box : null;
    if (box && this.stage.camera.reveal(box)) this.stage.moved();
  }

  /** What another state changes; another file ends a window. @param {ViewState} state @returns {import("./planechange.js").Change} */
  #arrive(state) {
    const change = this.change.arrive(state);
    if (change === "file") this.hands.window = null;
    return change;
  }

  /** How planes of a state are looked at. @param {ViewState|null} [state] @returns {import("./levels.js").View} */
  #view(state = this.state) {
    return { rendering: state?.view.rendering ?? "full", inverted: state?.view.inverted ?? false, window: this.hands?.window ?? null };
  }

  /** Where a plane is shown in another way than was asked for, or holds nothing to show. @param {ViewState} state @param {import("./scheduler.js").Picture} picture @returns {import("./api.js").Remark|null} */
  #remark(state, { plane }) {
    if (plane && !plane.cells) return { rendering: state.view.rendering, text: SMALL };
    const found = plane?.views[state.view.rendering];
    return found?.note ? { rendering: found.shown, text: found.note } : null;
  }

  /** How large planes come while a key is held down: small over a slow line. @returns {import("./scaling.js").Size|null} */
  #small() {
    const { width, height } = this.stage.camera.stage;
    // small pictures come in the views of the server
    if (this.hands.window) return null;
    const how = this.state?.choices.held;
    return how === "small" || (how === "line" && this.planes.isSlow()) ? { width, height } : null;
  }

  /** The user's own keys: menus, help and hints follow. @param {ViewState} state */
  #bind({ bindings }) {
    const signature = JSON.stringify(bindings);
    if (signature === this.bindings) return;
    this.bindings = signature;
    this.commands = bound(this.table, bindings);
    this.keys = keyTable(this.commands);
    this.menus.relabel(this.commands);
    for (const button of document.querySelectorAll("button[data-command]")) {
      const key = button.querySelector("kbd");
      if (button instanceof HTMLElement && key) key.textContent = this.keyOf(button.dataset.command ?? "");
    }
  }

  /** How the key of a command is written now; empty where it has none. @param {string} name */
  keyOf(name) {
    const key = this.commands.find((command) => command.name === name)?.key;
    return key ? keyLabel(key) : "";
  }

  /** What goes with a state besides its plane, once that is on the screen. @param {ViewState} state */
  #settle(state) {
    this.#bind(state);
    this.change.remember(state);
    this.topLine.update(state);
    this.spoken.update(state, this.topLine.remark?.text ?? "");
    this.startPage.offer(state, (command, args) => this.runner.offered(command, args));
    this.messages.say(state.message, this.#boxOf(state.message?.rect));
    this.#map(state);
    this.strip.update(state);
    this.panel.update(state, this.mayWrite, this.overview.isOpen);
    this.worklist.update(state);
    this.overview.update(state);
    this.outputs.update(state.outputs);
    this.menus.update(state, (command) => isUsable(command, state));
    this.#status(state);
    if (state.question && !this.asking) queueMicrotask(() => void this.#question(state));
  }

  /** What of the plane is in sight; nothing is noted while a rectangle or shape is drawn over it. @returns {import("./sight.js").Sight|null} */
  #sight() {
    return this.pointer.drag || this.draft.isOpen ? null : sightOf(this.stage);
  }

  /** @param {ViewState} state */
  #map({ groups, plane }) {
    const seen = plane ? (groups[plane.group]?.seen ?? []) : [];
    this.minimap.update(plane?.map ?? null, seen.some(([from, to]) => plane !== null && plane.position >= from && plane.position < to));
  }

  /** Views that hide something say so above the stage. @param {ViewState|null} [state] @param {import("./api.js").Remark|null} [remark] */
  words(state = this.state, remark = this.topLine.remark) {
    const { camera } = this.stage;
    const kept = camera.kept ? { zoom: `${Math.round(camera.scale * 100)} %`, isPart: !camera.showsAll } : null;
    if (state) this.topLine.words(state, remark, kept, this.hands?.words ?? "");
  }

  /** What is waited for, beside the title; a mark that is not in the database yet is not said to be. @param {string|null} text @param {string} [command] */
  #busy(text, command) {
    this.cards.busy(text);
    const writes = text !== null && this.named.get(command ?? "")?.writes === true;
    if (this.statusLine.saving(writes) && !writes) this.#status();
  }

  /** @param {ViewState|null} [state] */
  #status(state = this.state) {
    if (!state) return;
    const { percent, camera } = this.stage;
    [this.counted, this.zoomed] = [state.file, percent];
    const rendering = this.topLine.remark?.rendering ?? state.view.rendering;
    this.statusLine.update(state, { percent, fitted: camera.mode === "fit", own: Boolean(this.hands?.window), turned: camera.words, rendering, over: this.overview.kind });
  }

  /** Another view is shown in place of the stage, or none: what was said about the one before is over. */
  #over() {
    this.messages.goOn();
    this.#status();
    if (this.state) this.panel.update(this.state, this.mayWrite, this.overview.isOpen);
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

  /**
   * @param {string} command
   * @param {Record<string, unknown>} [args]
   * @param {boolean} [repeat]
   */
  act(command, args = {}, repeat = false) {
    return this.runner.act(command, args, repeat);
  }

  /** A command from a key, a menu or a button. @param {Command} command @param {boolean} repeat */
  execute(command, repeat) {
    this.runner.execute(command, repeat);
  }

  /** An error stands beside the rectangle that it is about. @param {Trouble} trouble @param {Record<string, unknown>} args */
  #refused(trouble, args) {
    const own = Array.isArray(args.box) ? this.handled.box : null;
    this.messages.refused(trouble, this.#boxOf(args.id) ?? (own ? this.stage.onPage(own) : undefined));
  }

  /** Where a rectangle of the plane is on the page. @param {unknown} id */
  #boxOf(id) {
    const box = id === undefined || id === null ? null : this.state?.rects.find((rect) => rect.id === id)?.box;
    return box ? this.stage.onPage(box) : undefined;
  }

  /** @param {number} index */
  #goPlane(index) {
    void this.act("go-plane", { index }, this.scheduler.running && this.strip.dragging);
  }

  /** @returns {boolean} */
  #renew() {
    if (document.querySelector("dialog[open]")) return false;
    location.reload();
    return true;
  }

  /** @param {import("./scheduler.js").Loss|null} why */
  #lost(why) {
    if (this.scheduler.over && why !== null) return;
    this.statusLine.lost(why);
    if (this.state) this.panel.update(this.state, this.mayWrite, this.overview.isOpen);
    if (why === null) this.#status();
  }

  /** Lists and previews that fail: the scheduler finds out by itself when the server has gone. @param {unknown} error */
  #background(error) {
    if (!(error instanceof Lost)) this.messages.refused({ message: error instanceof Error ? error.message : String(error) });
  }
}
