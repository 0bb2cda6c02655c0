/** Views of many planes at once, in place of the stage: the contact sheets of a file and of its series, and the projection of a stack. */

import { ClassView } from "./classes.js";
import { byId, stamp, within } from "./dom.js";
import { PlaneSheet } from "./planesheet.js";
import { ProjectionView } from "./projectionview.js";
import { SeriesSheet } from "./seriessheet.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {"grid"|"projection"|"series"|"classes"} Kind */

/**
 * @typedef {object} OverviewHost
 * @property {import("./api.js").Api} api
 * @property {() => ViewState|null} state
 * @property {(index: number) => void} go
 * @property {(file: number, key: string) => void} goFile
 * @property {(command: string, args: Record<string, unknown>) => Promise<boolean>} run
 * @property {(name: string) => string} keyOf
 * @property {(message: string, hint?: string) => void} say
 * @property {() => boolean} mayWrite
 * @property {() => void} changed  another view is shown, or none
 * @property {() => void} closed
 */

export class Overview {
  /** @param {OverviewHost} host */
  constructor(host) {
    this.host = host;
    this.root = byId("overview", HTMLElement);
    /** @type {Kind|null} */
    this.kind = null;
    this.file = -1;
    this.projected = new ProjectionView({
      ...host,
      close: () => this.close(),
      rebuild: (state) => this.#build(state),
    });
    /** @type {SeriesSheet|null} */
    this.series = null;
    /** @type {PlaneSheet|null} */
    this.sheet = null;
    /** @type {ClassView|null} */
    this.classes = null;
    /** The class that was shown last: whoever comes back from a file goes on there. */
    this.chosen = -1;
    this.generation = 0;
    /** Ends the questions of a generation with it: the file or list that they are about may be gone by then. */
    this.questions = new AbortController();
    /** @type {string[]} keys of planes whose small picture was in sight */
    this.seen = [];
    /** The file that they are of. */
    this.noted = -1;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.telling = undefined;
    this.root.addEventListener("keydown", (event) => this.#key(event));
  }

  get isOpen() {
    return this.kind !== null;
  }

  /** @param {Kind} kind */
  open(kind) {
    const state = this.host.state();
    if (kind === "classes") {
      if (state?.worklist.found) this.#openClasses(state);
      return;
    }
    if (!state?.file || !state.groups.length) return;
    this.#leave();
    this.kind = kind;
    this.file = state.file.file_id;
    this.projected.begin(state);
    this.root.hidden = false;
    this.#build(state);
    this.host.changed();
  }

  close() {
    if (!this.isOpen) return;
    this.#leave();
    this.kind = null;
    this.#renounce();
    this.root.hidden = true;
    this.root.replaceChildren();
    this.host.changed();
    this.host.closed();
  }

  /** Whether what is built now is still shown, and what ends its questions. @returns {{isShown: () => boolean, signal: AbortSignal}} */
  get #life() {
    const { generation, questions: { signal } } = this;
    return { isShown: () => generation === this.generation, signal };
  }

  /** What was asked so far is not wanted any more, small pictures too. */
  #renounce() {
    this.generation += 1;
    this.questions.abort();
    this.questions = new AbortController();
    for (const image of this.root.querySelectorAll("img")) image.removeAttribute("src");
  }

  /** What is shown is let go of. */
  #leave() {
    this.sheet?.end();
    this.classes?.end();
    if (this.classes) this.chosen = this.classes.list.chosen;
    this.sheet = this.series = this.classes = null;
    this.root.classList.remove("wide");
  }

  /** @param {ViewState} state */
  #openClasses(state) {
    this.#leave();
    this.kind = "classes";
    this.#renounce();
    this.root.hidden = false;
    this.root.classList.add("wide");
    const { api, run, goFile, keyOf, say, mayWrite } = this.host;
    this.classes = new ClassView({
      api, run, keyOf, say, mayWrite,
      state: () => this.host.state(),
      goFile: (file, key) => {
        this.close();
        goFile(file, key);
      },
      close: () => this.close(),
    }, this.root);
    this.classes.update(state);
    this.host.changed();
    void this.classes.begin(this.chosen);
  }

  /** Whether a command of the table is about what is shown here; it is done then. @param {string} name */
  takes(name) {
    return this.classes?.takes(name) ?? false;
  }

  /** Another file: this view is about the old one. @param {ViewState} state */
  update(state) {
    if (this.classes) {
      this.classes.update(state);
      return;
    }
    if (this.isOpen && state.file?.file_id !== this.file) this.close();
    else if (this.sheet) this.sheet.update(state);
    else if (this.kind === "projection") this.projected.update(state);
  }

  /** @param {ViewState} state */
  #build(state) {
    this.#renounce();
    const inner = stamp("t-overview");
    const body = within(inner, ".overview-body", HTMLElement);
    const foot = within(inner, ".foot", HTMLElement);
    const title = within(inner, "h2", HTMLElement);
    within(inner, ".overview-close", HTMLButtonElement).addEventListener("click", () => this.close());
    this.root.replaceChildren(inner);
    if (this.kind === "grid") {
      title.textContent = `All planes of this file (${state.file?.planes ?? 0})`;
      this.#fillGrid(body, foot, state);
      return;
    } else if (this.kind === "series") {
      title.textContent = "This series: the first plane of every group of every file";
      body.classList.add("cells");
      this.#fillSeries(body, foot);
    } else {
      this.projected.fill(inner, state, { file: this.file, ...this.#life });
      return;
    }
    body.focus();
  }

  /** @param {HTMLElement} body @param {HTMLElement} foot @param {ViewState} state */
  #fillGrid(body, foot, state) {
    body.classList.add("all");
    body.removeAttribute("tabindex");
    this.sheet = new PlaneSheet({
      api: this.host.api, file: this.file, total: state.file?.planes ?? 0, here: state.plane?.index ?? 0,
      go: (index) => {
        this.close();
        this.host.go(index);
      },
      sighted: (key) => this.#note(key),
    }, foot);
    body.append(this.sheet.tiles.root);
    this.sheet.begin();
  }

  /** @param {HTMLElement} body @param {HTMLElement} foot */
  #fillSeries(body, foot) {
    const { api, goFile } = this.host;
    this.series = new SeriesSheet({
      api, file: this.file, ...this.#life,
      goFile: (file, key) => {
        this.close();
        goFile(file, key);
      },
    }, body, foot);
    void this.series.load();
  }

  /** Note that the small picture of a plane was in sight. @param {string} key */
  #note(key) {
    const file = this.file;
    // what was not told yet is of the file before: its keys name planes of this one, too
    if (file !== this.noted) this.seen = [];
    this.noted = file;
    this.seen.push(key);
    clearTimeout(this.telling);
    this.telling = setTimeout(() => void this.#tell(file), 300);
  }

  /** @param {number} file */
  async #tell(file) {
    const shown = this.seen.splice(0);
    if (!shown.length || file !== this.file) return;
    await this.host.run("seen", { file_id: file, shown });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      if (this.classes?.escape()) return;
      this.close();
      return;
    }
    if (this.kind === "projection" && (event.key === "PageDown" || event.key === "PageUp")) {
      event.preventDefault();
      event.stopPropagation();
      this.projected.turn(event.key === "PageDown" ? 1 : -1);
      return;
    }
    this.series?.key(event);
  }
}
