/** The files of the list grouped by what they are: pictures of each class, its files as tiles, one decision for several. */

import { Areabox } from "./areabox.js";
import { ClassHead } from "./classhead.js";
import { ClassList, EVERY } from "./classlist.js";
import { counted, isStillAt, make, numbered, setText, stamp, within } from "./dom.js";
import { fileTile } from "./filetile.js";
import { paceWords } from "./pace.js";
import { firstSize } from "./tilegrid.js";
import { Tiles } from "./tiles.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").TileRow} TileRow */
/** @typedef {"apart"|"same"|"all"} Part */
/** @typedef {"done"|"tag"|"skip"|"mark"} Decision */

/**
 * @typedef {object} ClassHost
 * @property {import("./api.js").Api} api
 * @property {() => ViewState|null} state
 * @property {(command: string, args: Record<string, unknown>) => Promise<boolean>} run
 * @property {(file: number, key: string) => void} goFile
 * @property {(name: string) => string} keyOf
 * @property {(message: string, hint?: string) => void} say
 * @property {() => boolean} mayWrite
 * @property {() => void} close
 */

const PAGE = 200;
const BATCH = 100;
const PAUSE = 900;
const DECISIONS = /** @type {const} */ ([
  ["done-next", "done", "Done"],
  ["tag", "tag", "Tag"],
  ["mark", "mark", "Rectangle"],
  ["next-overlay", "skip", "Skip"],
]);
const PARTS = /** @type {const} */ ([["apart", "Apart"], ["same", "The rest looks the same"], ["all", "All"]]);

export class ClassView {
  /** @param {ClassHost} host @param {HTMLElement} root */
  constructor(host, root) {
    this.host = host;
    this.root = root;
    /** @type {Part} */
    this.part = "all";
    this.order = { ids: /** @type {number[]} */ ([]), apart: 0, total: 0 };
    /** @type {Map<number, TileRow>} */
    this.details = new Map();
    /** @type {Set<number>} details that may be old */
    this.stale = new Set();
    this.generation = 0;
    /** Ends the questions of a generation with it. */
    this.questions = new AbortController();
    this.loading = false;
    this.again = false;
    this.told = "";
    this.listed = 0;
    this.fetching = false;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.later = undefined;
    const inner = stamp("t-classes");
    root.replaceChildren(inner);
    /** @param {string} name */
    const part = (name) => within(inner, `.${name}`, HTMLElement);
    this.list = new ClassList({
      total: () => host.state()?.worklist.total ?? 0,
      choose: (chosen) => void this.choose(chosen),
      enter: () => this.tiles.root.focus(),
    }, part("classes-list"));
    this.tabs = part("class-tabs");
    this.decisions = part("class-decisions");
    this.foot = part("class-chosen");
    this.progress = part("classes-progress");
    this.left = part("class-left");
    this.bar = within(inner, ".classes-bar", HTMLProgressElement);
    this.stop = within(inner, ".classes-stop", HTMLButtonElement);
    this.tiles = new Tiles({
      tile: (index) => this.#tile(index),
      want: (first, end) => this.#want(first, end),
      open: (index) => this.#open(index),
      changed: () => this.#chosenWords(),
    }, { chooses: true, size: firstSize(128, innerWidth), label: "Files" });
    part("class-tiles").append(this.tiles.root);
    this.area = new Areabox(part("class-picture"), (box) => void this.decide("mark", box), (words) => setText(this.foot, words));
    this.head = new ClassHead(host.api, this.area, part("class-head"));
    this.#build(inner, part);
  }

  /** @param {HTMLElement} inner @param {(name: string) => HTMLElement} part */
  #build(inner, part) {
    within(inner, ".overview-close", HTMLButtonElement).addEventListener("click", () => this.host.close());
    this.stop.addEventListener("click", () => void this.#stopOrGo());
    for (const [value, label] of /** @type {const} */ ([["kind", "By kind"], ["series", "By kind and series"]])) {
      part("overview-tools").append(this.#button(label, "", () => void this.#group(value), value));
    }
    for (const [name, value, label] of DECISIONS) {
      const made = this.#button(label, "", () => this.takes(name), value);
      made.append(make("kbd", "", this.host.keyOf(name)));
      part("class-decisions").append(made);
    }
    for (const [step, label, title] of /** @type {const} */ ([[-1, "−", "Smaller tiles (-)"], [1, "+", "Larger tiles (+)"]])) {
      const made = this.#button(label, title, () => this.tiles.resize(step), title);
      made.setAttribute("aria-label", title);
      part("class-sizes").append(made);
    }
  }

  /** @param {string} label @param {string} title @param {() => void} act @param {string} name */
  #button(label, title, act, name) {
    const made = make("button", "", label);
    made.type = "button";
    made.dataset.name = name;
    if (title) made.title = title;
    made.addEventListener("click", act);
    return made;
  }

  /** Begin, at the class that was chosen before. @param {number} chosen */
  async begin(chosen) {
    const { generation } = this;
    const before = document.activeElement;
    await this.host.run("survey", {});
    await this.#load();
    if (generation !== this.generation) return;
    await this.choose(this.list.rows.some((row) => row.number === chosen) ? chosen : EVERY, true);
    if (isStillAt(before)) this.tiles.root.focus({ preventScroll: true });
  }

  end() {
    this.#renounce();
    clearTimeout(this.later);
    this.tiles.end();
    this.area.end();
  }

  /** What was asked so far is not wanted any more. */
  #renounce() {
    this.generation += 1;
    this.questions.abort();
    this.questions = new AbortController();
  }

  /** @param {ViewState} state */
  update(state) {
    const { classes, worklist } = state;
    for (const button of this.decisions.querySelectorAll("button")) button.disabled = !this.host.mayWrite();
    setText(this.left, `${counted(worklist.left, "file")} left${paceWords(worklist)}`);
    if (!classes) return;
    const { deciding } = classes;
    this.bar.max = Math.max(1, deciding ? classes.to_decide : classes.total * 2);
    this.bar.value = deciding ? classes.decided : classes.sorted + classes.through;
    this.bar.hidden = !deciding && classes.complete;
    const problem = classes.problem ? ` · no detector looks: ${classes.problem}` : "";
    setText(this.progress, deciding ? `Decided for ${numbered(classes.decided)} of ${counted(classes.to_decide, "file")}` : `${classes.words}${problem}`);
    setText(this.stop, deciding || classes.running ? "Stop" : "Go on");
    this.stop.hidden = !deciding && classes.complete;
    for (const button of this.root.querySelectorAll(".overview-tools button")) {
      if (button instanceof HTMLElement) button.setAttribute("aria-pressed", String(button.dataset.name === classes.grouping));
    }
    const told = [classes.sorted, classes.through, classes.classes, classes.grouping, deciding, classes.decided, worklist.left, state.database.changes, state.can.undo].join("|");
    if (told === this.told) return;
    this.told = told;
    clearTimeout(this.later);
    const since = Date.now() - this.listed;
    this.later = setTimeout(() => void this.#load(), Math.max(60, PAUSE - since));
  }

  /** The classes as they are now, and what is in sight. */
  async #load() {
    if (this.loading) {
      this.again = true;
      return;
    }
    this.loading = true;
    const { generation } = this;
    try {
      const rows = [];
      for (let start = 0, total = 1; start < total; start += PAGE) {
        const part = await this.host.api.classes(start, PAGE, this.questions.signal);
        total = part.total;
        rows.push(...part.rows);
      }
      if (generation !== this.generation) return;
      this.list.show(rows);
      this.listed = Date.now();
      this.head.show(this.list.row);
      for (const id of this.details.keys()) this.stale.add(id);
      await this.#renew();
      this.tiles.draw();
    } catch (error) {
      if (generation === this.generation) setText(this.progress, error instanceof Error ? error.message : "");
    } finally {
      this.loading = false;
    }
    // what came meanwhile is in none of these answers, perhaps
    if (this.again && generation === this.generation) {
      this.again = false;
      await this.#load();
    }
  }

  /** Show files in their new order, where nobody is choosing among them; else say that there is one. */
  async #renew() {
    const row = this.list.row;
    const isOld = row !== undefined && (row.apart !== this.order.apart || row.files !== this.order.total);
    const isFree = this.tiles.choice.size === 0 && (document.activeElement !== this.tiles.root || this.order.ids.length === 0);
    if (isOld && isFree) await this.#fetchOrder(true);
    this.#tabs(isOld && !isFree);
  }

  /**
   * @param {number} chosen  the number of a class
   * @param {boolean} [isBack]  whether somebody comes back from a file of it: there he goes on. Else what stands apart
   *     is in sight first.
   */
  async choose(chosen, isBack = chosen === EVERY) {
    this.area.end();
    this.tiles.choice.clear();
    this.list.choose(chosen);
    await this.#fetchOrder(false, isBack);
    if (chosen !== EVERY && this.list.row && this.host.state()?.classes?.running) void this.host.run("survey", { group: chosen });
  }

  /** @param {boolean} keeps  whether the part that is shown stays @param {boolean} [isBack] */
  async #fetchOrder(keeps, isBack = true) {
    const { generation, list: { chosen }, questions: { signal } } = this;
    /** @type {{ids: number[], apart: number, total: number}} */
    let order = { ids: [], apart: 0, total: 0 };
    let failure = "";
    try {
      order = await (chosen === EVERY ? this.host.api.allFiles(signal) : this.host.api.classFiles(chosen, signal));
    } catch (error) {
      // files of the class before would stand under the name of this one
      failure = `The files could not be listed. ${error instanceof Error ? error.message : ""}`;
    }
    if (generation !== this.generation || chosen !== this.list.chosen) return;
    this.order = order;
    if (!keeps || !this.#ids(this.part).length) {
      this.part = chosen === EVERY ? "all" : order.apart ? "apart" : "same";
    }
    this.head.show(this.list.row);
    this.#showPart(this.part, isBack);
    if (failure) setText(this.foot, failure);
  }

  // --- one class

  /** @param {Part} part */
  #ids(part) {
    const { ids, apart } = this.order;
    if (part === "all") return ids;
    return part === "apart" ? ids.slice(0, apart) : ids.slice(apart);
  }

  /** @param {Part} part @param {boolean} [isBack] */
  #showPart(part, isBack = true) {
    this.part = part;
    const here = isBack ? this.host.state()?.file?.file_id : undefined;
    const ids = this.#ids(part);
    this.tiles.show(ids, Math.max(0, here === undefined ? 0 : ids.indexOf(here)));
    this.#tabs(false);
    this.#chosenWords();
  }

  /** @param {boolean} isOld */
  #tabs(isOld) {
    const made = PARTS.filter(([part]) => this.list.chosen !== EVERY || part === "all").map(([part, label]) => {
      const button = this.#button(`${label} ${numbered(this.#ids(part).length)}`, "", () => {
        this.#showPart(part);
        this.tiles.root.focus({ preventScroll: true });
      }, part);
      button.setAttribute("aria-pressed", String(part === this.part));
      button.disabled = part !== "all" && !this.#ids(part).length;
      return button;
    });
    if (isOld) made.push(this.#button("Order anew", "More files were looked at since", () => void this.#fetchOrder(true), "anew"));
    const before = document.activeElement instanceof HTMLElement && this.tabs.contains(document.activeElement) ? document.activeElement.dataset.name : "";
    this.tabs.replaceChildren(...made);
    if (before) made.find(({ dataset }) => dataset.name === before)?.focus();
  }

  // --- tiles

  /** @param {number} index @returns {import("./tiles.js").Tile|null} */
  #tile(index) {
    const id = this.tiles.ids[index];
    const row = id === undefined ? undefined : this.details.get(id);
    if (!row) return null;
    return fileTile(row, {
      edge: this.tiles.size * devicePixelRatio,
      isOpen: row.file_id === this.host.state()?.file?.file_id,
      isOfAll: this.list.chosen === EVERY,
      api: this.host.api,
    });
  }

  /** @param {number} first @param {number} end */
  #want(first, end) {
    if (this.fetching) return;
    const lacking = this.tiles.ids.slice(first, end).filter((id) => !this.details.has(id) || this.stale.has(id)).slice(0, BATCH);
    if (lacking.length) void this.#fetch(lacking);
  }

  /** @param {number[]} ids */
  async #fetch(ids) {
    this.fetching = true;
    const { generation } = this;
    try {
      const { rows } = await this.host.api.tiles(ids, this.questions.signal);
      if (generation !== this.generation) return;
      for (const row of rows) {
        this.details.set(row.file_id, row);
        this.stale.delete(row.file_id);
      }
      // a file that was read again has another id: this one is not asked for any more
      for (const id of ids) this.stale.delete(id);
    } catch (error) {
      if (generation === this.generation) setText(this.foot, error instanceof Error ? error.message : "");
      await new Promise((resolve) => setTimeout(resolve, 1000));
    } finally {
      this.fetching = false;
    }
    if (generation !== this.generation) return;
    this.tiles.refresh();
    const { view } = this.tiles;
    this.#want(view.first(), view.end());
  }

  /** @param {number} index */
  #open(index) {
    const id = this.tiles.ids[index];
    if (id === undefined) return;
    this.host.goFile(id, this.details.get(id)?.key ?? "f0");
  }

  #chosenWords() {
    const { size } = this.tiles.choice;
    const hint = size ? "" : " · Space chooses, Shift with arrows more, Ctrl+A all; Enter opens";
    const { ids, total } = this.order;
    const beyond = total > ids.length ? ` · only the first ${numbered(ids.length)} of ${counted(total, "file")} are shown` : "";
    setText(this.foot, `${counted(size, "file")} chosen${beyond}${hint}`);
  }

  // --- commands

  /** Whether a command of the table means what is chosen here; it is done then. @param {string} name */
  takes(name) {
    const found = DECISIONS.find(([command]) => command === name);
    if (!found) return false;
    const [, value] = found;
    if (!this.host.mayWrite()) this.host.say("Nothing can be written here.");
    else if (!this.tiles.choice.size) this.host.say("No files are chosen.", "Space chooses one, Shift with arrows several, Ctrl+A all that are shown");
    else if (value !== "mark") void this.decide(value);
    else if (this.area.isDrawing) this.area.store();
    else if (!this.area.begin()) this.host.say("A rectangle goes to files of one class.", "choose a class whose size is known");
    return true;
  }

  /** @param {Decision} value @param {number[]} [box] */
  async decide(value, box) {
    const args = { value, shown: [...this.tiles.choice.chosen] };
    this.area.end();
    if (await this.host.run("decide", box ? { ...args, box } : args)) this.tiles.root.focus({ preventScroll: true });
  }

  async #stopOrGo() {
    const { classes } = this.host.state() ?? {};
    await this.host.run(classes?.deciding ? "stop-deciding" : classes?.running ? "stop-survey" : "survey", {});
  }

  /** @param {"kind"|"series"} value */
  async #group(value) {
    this.#renounce();
    this.tiles.choice.clear();
    this.order = { ids: [], apart: 0, total: 0 };
    await this.host.run("survey", { value });
    this.loading = this.fetching = this.again = false;
    await this.#load();
    await this.choose(EVERY);
  }

  /** Esc first takes a rectangle away that is drawn. */
  escape() {
    if (!this.area.isDrawing) return false;
    this.area.end();
    this.#chosenWords();
    this.tiles.root.focus({ preventScroll: true });
    return true;
  }
}
