/** Views of many planes at once, in place of the stage: the contact sheets of a file and of its series, and the projection of a stack. */

import { ClassView } from "./classes.js";
import { byId, capital, counted, isStillAt, make, printable, setText, stamp, symbol, within } from "./dom.js";
import { PlaneSheet } from "./planesheet.js";
import { Projection } from "./projection.js";
import { SideBySide } from "./sidebyside.js";
import { StackMarks } from "./stackmarks.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {"grid"|"projection"|"series"|"classes"} Kind */

const HOWS = [
  ["all", "All", "maximum, minimum, and every sheet of the text map side by side, each at half size or more"],
  ["max", "Maximum", "the brightest value that any plane has there"],
  ["min", "Minimum", "the darkest value that any plane has there"],
  ["mean", "Mean", "the mean of all planes"],
  ["range", "Range", "what lies between the brightest and the darkest value"],
  ["text", "Text map", "where strokes like writing stand still or appear"],
];

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
    this.how = "max";
    this.group = 0;
    /** The sheet of the text map, from 0, and how many there are of the stack that was shown last. */
    this.page = 0;
    this.pages = 1;
    /** whether the projection is that of the series */
    this.isSeries = false;
    /** @type {Projection|SideBySide|null} */
    this.projection = null;
    /** @type {StackMarks|null} what is outlined on it */
    this.marks = null;
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
    this.group = state.plane?.group ?? 0;
    this.page = 0;
    this.pages = 1;
    // Whoever walks through a series as one stack projects it as one; frames of their own are a stack already.
    this.isSeries = this.#series(state) !== null && state.groups[this.group]?.title === "frame";
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
    this.sheet = this.classes = null;
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
    else if (this.kind === "projection") this.#inform(state);
  }

  /** What a state says of the projection. @param {ViewState} state */
  #inform(state) {
    this.projection?.limit((this.isSeries && state.stack?.limits) || "");
    this.marks?.update(state);
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
      void this.#fillSeries(body, foot);
    } else {
      const group = (this.isSeries && this.#series(state)) || state.groups[this.group];
      title.textContent = `${this.isSeries ? "Series" : capital(group?.title ?? "")} (${group?.count ?? 0})`;
      body.classList.add("one");
      this.#tools(within(inner, ".overview-tools", HTMLElement), state);
      this.#fillProjection(body, foot, group, within(inner, ".overview-here", HTMLElement));
      this.#inform(state);
      return;
    }
    body.focus();
  }

  /** @param {HTMLElement} place @param {ViewState} state */
  #tools(place, state) {
    /** @param {string} label @param {string} title @param {boolean} on @param {() => void} choose */
    const button = (label, title, on, choose) => {
      const made = make("button", "", label);
      made.type = "button";
      made.title = title;
      made.setAttribute("aria-pressed", String(on));
      made.addEventListener("click", () => {
        choose();
        this.#build(state);
      });
      place.append(made);
    };
    for (const [how, label, title] of HOWS) {
      button(label ?? "", title ?? "", this.how === how && this.page === 0, () => {
        this.how = how ?? "max";
        this.page = 0;
      });
    }
    for (let page = 1; this.how === "text" && page < this.pages; page += 1) {
      button(String(page + 1), `sheet ${page + 1} of the text map: writing that lies over other writing`, this.page === page, () => (this.page = page));
    }
    const shown = state.groups.filter((group) => !group.reason);
    const series = this.#series(state);
    if (shown.length < 2 && !series) return;
    place.append(make("span", "gap"));
    if (series) button("series", "project all frames of the series", this.isSeries, () => {
      this.isSeries = true;
      this.page = 0;
      this.pages = 1;
    });
    for (const group of shown.slice(0, 6)) {
      button(group.title, `project ${group.title}`, !this.isSeries && group.index === this.group, () => {
        this.isSeries = false;
        this.group = group.index;
        this.page = 0;
        this.pages = 1;
      });
    }
  }

  /** The view, or sheet of the text map, behind the one that is shown, or before it; round at the ends. @param {number} step */
  #turn(step) {
    if (this.projection instanceof SideBySide && this.projection.turn(step)) return;
    const state = this.host.state();
    const views = HOWS.flatMap(([how = ""]) => Array.from({ length: how === "text" ? this.pages : 1 }, (_, page) => ({ how, page })));
    const here = views.findIndex(({ how, page }) => how === this.how && page === this.page);
    const to = views.at((here + step) % views.length);
    if (!state || !to) return;
    Object.assign(this, to);
    this.#build(state);
  }

  /** More sheets are known now than when the buttons were made. */
  #retool() {
    const state = this.host.state();
    const place = this.root.querySelector(".overview-tools");
    if (!state || !(place instanceof HTMLElement)) return;
    place.replaceChildren();
    this.#tools(place, state);
  }

  /** The frames of the series as one stack, where it is walked through as one and wholly found. @param {ViewState} state */
  #series(state) {
    const { stack } = state;
    if (!stack?.complete || stack.total < 2) return null;
    return { index: /** @type {const} */ ("series"), title: "the series", count: stack.total, limits: stack.limits };
  }

  /**
   * @param {HTMLElement} body
   * @param {HTMLElement} foot
   * @param {import("./projection.js").Stack|undefined} group
   * @param {HTMLElement} here
   */
  #fillProjection(body, foot, group, here) {
    const { generation, file, host, questions: { signal } } = this;
    if (!group) return;
    const onward = host.keyOf("next-suspicious");
    const isShown = () => generation === this.generation;
    /** @param {string} how @param {number} sheet @param {HTMLElement} words @param {(count: number) => void} sheets @param {() => void} [told] */
    const view = (how, sheet, words, sheets, told) => new Projection({
      api: host.api, file, group, how, foot: words, here, sheet, lone: this.#loneWords(group), onward, sheets, told, isShown, signal,
      whole: () => void this.marks?.renew(),
      seen: (shown, ticket) => {
        const which = group.index === "series" ? { value: "series" } : { group: group.index };
        return host.run("seen", { file_id: file, ...which, ticket, shown });
      },
      mark: (box) => (group.index === "series" ? host.run("mark-series", { box }) : host.run("mark-group", { file_id: file, group: group.index, box })),
      go: (found) => {
        this.close();
        if (found.index === null) host.goFile(found.file_id, found.key);
        else host.go(found.index);
      },
    });
    const shown = this.how === "all"
      ? new SideBySide({ foot, onward, isShown, make: (how, sheet, told, sheets) => view(how, sheet, make("p", ""), sheets, told) })
      : view(this.how, this.page, foot, (count) => {
        if (!isShown() || this.how !== "text" || count === this.pages) return;
        this.pages = count;
        this.#retool();
      });
    this.projection = shown;
    this.marks = new StackMarks({ api: host.api, file, isSeries: group.index === "series", isShown, signal, show: (marks) => shown.outline(marks) });
    body.append(shown.root);
    void shown.load();
    shown.focus();
  }

  /** Whoever projects a single image mostly meant its series. @param {import("./projection.js").Stack} group */
  #loneWords(group) {
    const state = this.host.state();
    if (group.count > 1 || !state || state.stack || state.worklist.total < 2) return "";
    return "For all files of the series, switch on A series as one stack in the View menu.";
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

  /**
   * Every file of the series. These small pictures are for finding the way: no plane counts as seen by them.
   * @param {HTMLElement} body
   * @param {HTMLElement} foot
   */
  async #fillSeries(body, foot) {
    const { generation, questions: { signal } } = this;
    let failed = 0;
    let files = 0;
    let planes = 0;
    try {
      for (let start = /** @type {number|null} */ (0); start !== null; ) {
        const part = await this.host.api.series(start, signal);
        if (generation !== this.generation) return;
        failed += part.failed;
        for (const file of part.files) body.append(...file.groups.map((group, place) => this.#fileCell(file, group, place)));
        files += part.files.length;
        planes += part.files.reduce((sum, each) => sum + each.planes, 0);
        start = part.next;
        const found = `${counted(files, "file")} with ${counted(planes, "plane")}`;
        const lacking = failed ? ` ${counted(failed, "file")} of the list could not be opened and may belong to it.` : "";
        const far = start === null ? "" : ` Looked through ${start} of ${part.total}…`;
        setText(foot, `${found} of this series.${far}${lacking} A click opens the file; none of it counts as seen here.`);
      }
      // Whoever walks among the first ones already stays there.
      if (isStillAt(body)) this.#focusHere(body);
    } catch (error) {
      if (generation === this.generation) setText(foot, error instanceof Error ? error.message : "");
    }
  }

  /**
   * One cell a group of planes: what lies behind its first plane is said in words.
   * @param {import("./types.js").SeriesFile} file
   * @param {import("./types.js").SeriesGroup} group
   * @param {number} number
   */
  #fileCell(file, group, number) {
    const cell = stamp("t-cell");
    const place = within(cell, ".cell-picture", HTMLElement);
    cell.setAttribute("aria-current", String(file.file_id === this.file && number === 0));
    const name = printable(file.name.split("/").at(-1) ?? "");
    const what = group.count > 1 ? `${group.title} (${group.count})` : group.title;
    const isAll = file.groups.length === 1 && group.count === 1;
    setText(within(cell, ".cell-title", HTMLElement), isAll ? name : `${what} · ${name}`);
    const bits = file.unscanned_bits ? ", not searched for hidden planes yet" : "";
    cell.title = `${printable(file.name)}\n${file.state}, ${counted(file.planes, "plane")}${bits}\n${group.reason ?? `${group.title}, ${counted(group.count, "plane")}`}`;
    cell.dataset.more = group.count > 1 ? "yes" : "no";
    if (!group.shown) place.append(symbol("sign-no-image", "sign"));
    else {
      const image = make("img", "");
      image.alt = "";
      image.loading = "lazy";
      image.addEventListener("error", () => place.replaceChildren(symbol("sign-no-image", "sign")));
      image.src = this.host.api.thumb(file.file_id, group.key);
      place.append(image);
    }
    cell.addEventListener("click", () => {
      this.close();
      this.host.goFile(file.file_id, group.key);
    });
    return cell;
  }

  /** @param {HTMLElement} body */
  #focusHere(body) {
    const here = body.querySelector('[aria-current="true"]') ?? body.firstElementChild;
    if (here instanceof HTMLElement) here.focus();
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
      this.#turn(event.key === "PageDown" ? 1 : -1);
      return;
    }
    const cells = [...this.root.querySelectorAll(".cell")];
    const place = cells.findIndex((cell) => cell === document.activeElement);
    if (place < 0) return;
    const first = cells[0]?.getBoundingClientRect().top;
    const columns = Math.max(1, cells.findIndex((cell) => cell.getBoundingClientRect().top !== first));
    const steps = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns });
    const to = cells[place + (steps[event.key] ?? 0)];
    if (steps[event.key] === undefined || !(to instanceof HTMLElement)) return;
    event.preventDefault();
    event.stopPropagation();
    to.focus();
  }
}
