/** The projection of a stack in place of the stage: which stack, in which view, and the buttons for both. */

import { capital, make, within } from "./dom.js";
import { Projection } from "./projection.js";
import { SideBySide } from "./sidebyside.js";
import { StackMarks } from "./stackmarks.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** The open file, whether what is built is still shown, and what ends its questions. @typedef {{file: number, isShown: () => boolean, signal: AbortSignal}} Life */

/** @typedef {import("./overview.js").OverviewHost & {close: () => void, rebuild: (state: ViewState) => void}} ViewHost */

const HOWS = [
  ["all", "All", "maximum, minimum, and every sheet of the text map side by side, each at half size or more"],
  ["max", "Maximum", "the brightest value that any plane has there"],
  ["min", "Minimum", "the darkest value that any plane has there"],
  ["mean", "Mean", "the mean of all planes"],
  ["range", "Range", "what lies between the brightest and the darkest value"],
  ["text", "Text map", "where strokes like writing stand still or appear"],
];

export class ProjectionView {
  /** @param {ViewHost} host */
  constructor(host) {
    this.host = host;
    this.how = "max";
    this.group = 0;
    /** The sheet of the text map, from 0, and how many there are of the stack that was shown last. */
    this.page = 0;
    this.pages = 1;
    /** whether the projection is that of the series */
    this.isSeries = false;
    /** @type {HTMLElement|null} what it is shown in */
    this.root = null;
    /** @type {Projection|SideBySide|null} */
    this.projection = null;
    /** @type {StackMarks|null} what is outlined on it */
    this.marks = null;
  }

  /** It is opened on another plane. @param {ViewState} state */
  begin(state) {
    this.#choose(state.plane?.group ?? 0);
    // Whoever walks through a series as one stack projects it as one; frames of their own are a stack already.
    this.isSeries = this.#series(state) !== null && state.groups[this.group]?.title === "frame";
  }

  /** @param {HTMLElement} root @param {ViewState} state @param {Life} life */
  fill(root, state, life) {
    const group = (this.isSeries && this.#series(state)) || state.groups[this.group];
    this.root = root;
    within(root, "h2", HTMLElement).textContent = `${this.isSeries ? "Series" : capital(group?.title ?? "")} (${group?.count ?? 0})`;
    within(root, ".overview-body", HTMLElement).classList.add("one");
    this.#tools(within(root, ".overview-tools", HTMLElement), state);
    if (group) this.#project(root, group, life);
    this.update(state);
  }

  /** @param {ViewState} state */
  update(state) {
    this.projection?.limit((this.isSeries && state.stack?.limits) || "");
    this.marks?.update(state);
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
        this.host.rebuild(state);
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
      this.#choose(null);
    });
    for (const group of shown.slice(0, 6)) {
      button(group.title, `project ${group.title}`, !this.isSeries && group.index === this.group, () => {
        this.#choose(group.index);
      });
    }
  }

  /** Another stack: how many sheets it has is not known yet. @param {number|null} group  of the file; null for the series */
  #choose(group) {
    this.isSeries = group === null;
    this.group = group ?? this.group;
    this.page = 0;
    this.pages = 1;
  }

  /** The view, or sheet of the text map, behind the one that is shown, or before it; round at the ends. @param {number} step */
  turn(step) {
    if (this.projection instanceof SideBySide && this.projection.turn(step)) return;
    const state = this.host.state();
    const views = HOWS.flatMap(([how = ""]) => Array.from({ length: how === "text" ? this.pages : 1 }, (_, page) => ({ how, page })));
    const here = views.findIndex(({ how, page }) => how === this.how && page === this.page);
    const to = views.at((here + step) % views.length);
    if (!state || !to) return;
    Object.assign(this, to);
    this.host.rebuild(state);
  }

  /** More sheets are known now than when the buttons were made. */
  #retool() {
    const state = this.host.state();
    const place = this.root?.querySelector(".overview-tools");
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
   * @param {HTMLElement} root
   * @param {import("./projection.js").Stack} group
   * @param {Life} life
   */
  #project(root, group, { file, isShown, signal }) {
    const { host } = this;
    const foot = within(root, ".foot", HTMLElement);
    const here = within(root, ".overview-here", HTMLElement);
    const onward = host.keyOf("next-suspicious");
    /** @param {string} how @param {number} sheet @param {HTMLElement} words @param {(count: number) => void} sheets @param {() => void} [told] */
    const view = (how, sheet, words, sheets, told) => new Projection({
      api: host.api, file, group, how, foot: words, here, sheet, lone: this.#loneWords(group), onward, sheets, told, isShown, signal, canMark: host.mayWrite,
      whole: () => void this.marks?.renew(),
      seen: (shown, ticket) => {
        const which = group.index === "series" ? { value: "series" } : { group: group.index };
        return host.run("seen", { file_id: file, ...which, ticket, shown });
      },
      mark: (box) => (group.index === "series" ? host.run("mark-series", { box }) : host.run("mark-group", { file_id: file, group: group.index, box })),
      go: (found) => {
        host.close();
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
    within(root, ".overview-body", HTMLElement).append(shown.root);
    void shown.load();
    shown.focus();
  }

  /** Whoever projects a single image mostly meant its series. @param {import("./projection.js").Stack} group */
  #loneWords(group) {
    const state = this.host.state();
    if (group.count > 1 || !state || state.stack || state.worklist.total < 2) return "";
    return "For all files of the series, switch on A series as one stack in the View menu.";
  }
}
