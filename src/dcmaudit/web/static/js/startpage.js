/** What stands in the place of the stage while no file is open. */

import { problemItem } from "./dialogs.js";
import { byId, counted, make, setText } from "./dom.js";

/** @typedef {import("./types.js").ViewState} ViewState */

const NO_FILE = "No file is open: Tab goes through what can be opened, F10 opens the menus";

export class StartPage {
  constructor() {
    /** What the lists were filled from. */
    this.filledFrom = "";
    this.stage = byId("stage", HTMLElement);
    /** What a screen reader says of the stage while a plane is on it. */
    this.stageLabel = this.stage.getAttribute("aria-label") ?? "";
  }

  /** @param {ViewState} state */
  update(state) {
    const empty = state.file === null;
    const start = byId("start", HTMLElement);
    start.hidden = !empty;
    // The stage keeps the focus, so that single keys reach the page; there is no plane on it to speak of.
    const label = empty ? NO_FILE : this.stageLabel;
    if (this.stage.getAttribute("aria-label") !== label) this.stage.setAttribute("aria-label", label);
    if (!empty) return;
    const { worklist } = state;
    const found = worklist.found ?? 0;
    let text = "Look at every plane of every DICOM file, and mark the text that must go.";
    if (worklist.growing) text = "Looking for DICOM files…";
    else if (found > 0) text = `${counted(found, "file")} found, and none is left to show. Options decide which files are shown.`;
    else if (worklist.passed_over || worklist.problem_count) text = `No DICOM file found; ${counted(worklist.passed_over, "other file")} passed over.`;
    setText(byId("starttext", HTMLElement), text);
    const s3 = byId("starts3", HTMLElement);
    if (state.has_s3 === false) setText(s3, "not installed here: dcmaudit needs its extra s3 for this");
    byId("opens3", HTMLButtonElement).disabled = state.has_s3 === false;
    byId("startproblems", HTMLUListElement).replaceChildren(
      ...worklist.problems.slice(0, 12).map(({ name, message }) => problemItem(`${name}: ${message}`)),
    );
  }

  /**
   * What was open before, and the examples.
   * @param {ViewState} state
   * @param {(command: string, args: Record<string, unknown>) => void} run
   */
  offer(state, run) {
    const recent = state.recent ?? [];
    const offers = offersOf(state);
    const signature = state.file ? "" : JSON.stringify([recent, offers]);
    if (signature === this.filledFrom) return;
    this.filledFrom = signature;
    byId("recent", HTMLElement).hidden = recent.length === 0;
    const isEmpty = state.worklist.found > 0;
    setText(byId("offerstitle", HTMLElement), isEmpty ? "With this list" : "Also");
    /** @param {string} list @param {{label: string, command: string, args: Record<string, unknown>}[]} entries */
    const fill = (list, entries) => byId(list, HTMLUListElement).replaceChildren(
      ...entries.map(({ label, command, args }) => {
        const item = make("li", "");
        const button = make("button", "", label);
        button.type = "button";
        button.title = label;
        button.addEventListener("click", () => run(command, args));
        item.append(button);
        return item;
      }),
    );
    fill("recentlist", recent);
    fill("offerlist", offers);
  }
}

/**
 * What can be done besides opening something new, where no file is shown: with a list of which none is left, and else.
 * @param {ViewState} state
 */
function offersOf(state) {
  /** @param {string} command @param {string} label */
  const offer = (command, label) => ({ command, label, args: /** @type {Record<string, unknown>} */ ({}) });
  const { worklist, options, outputs } = state;
  const offers = [];
  if (worklist.found > 0) {
    if (options["ignore-done"]?.value) offers.push(offer("toggle-ignore-done", "Show the files that are done, too"));
    if (options["tagged-only"]?.value) offers.push(offer("toggle-tagged-only", "Show all files, not only tagged ones"));
    if (!state.viewer) offers.push(offer("redact-done", "Redact all done files…"));
  }
  if (outputs.count) offers.push(offer("outputs", "Redacted files"));
  offers.push(offer("open-folder-recursive", "Open a folder and all below…"), offer("open-database", "Open a database as a list…"));
  if (!state.viewer) offers.push(offer("set-database", "Choose where marks are kept…"));
  if (state.examples) offers.push(offer("open-examples", "Try the examples"));
  offers.push(offer("help", "Keys and commands"));
  return offers;
}
