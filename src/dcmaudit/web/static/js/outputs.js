/** The list of files that were redacted from the page: how far it is, the proof of each in words, before and after. */

import { Compare } from "./compare.js";
import { ask } from "./dialogs.js";
import { anyOpen, byId, make, printable, setText, stamp, symbol, within } from "./dom.js";

/** @typedef {import("./types.js").OutputsState} OutputsState */
/** @typedef {import("./types.js").OutputRow} OutputRow */

const PAGE = 50;

export class Outputs {
  /**
   * @param {import("./api.js").Api} api
   * @param {(error: unknown) => void} failed
   */
  constructor(api, failed) {
    this.api = api;
    this.failed = failed;
    this.compare = new Compare(api);
    this.dialog = byId("dialog-outputs", HTMLDialogElement);
    this.list = byId("outputs-rows", HTMLUListElement);
    this.more = byId("outputs-more", HTMLButtonElement);
    this.stop = byId("outputs-stop", HTMLButtonElement);
    this.progress = byId("outputs-progress", HTMLProgressElement);
    /** @type {OutputsState|null} */
    this.state = null;
    /** Which files the list shows: as many, of this revision. */
    this.wanted = PAGE;
    this.shown = -1;
    this.loading = false;
    this.more.addEventListener("click", () => {
      this.wanted += PAGE;
      this.shown = -1;
      void this.#load();
    });
  }

  show() {
    if (this.dialog.open) return;
    this.wanted = PAGE;
    this.shown = -1;
    void ask(this.dialog);
    this.#words();
    void this.#load();
  }

  /** @param {OutputsState} state */
  update(state) {
    const begins = state.own && state.running && this.state?.running !== true;
    this.state = state;
    // whoever asked for it wants to see how it goes
    if (begins && !anyOpen()) this.show();
    if (!this.dialog.open) return;
    this.#words();
    void this.#load();
  }

  #words() {
    const { state } = this;
    if (!state) return;
    setText(byId("outputs-words", HTMLElement), state.words);
    setText(byId("outputs-folder", HTMLElement), state.folder ? `Written into ${printable(state.folder)}` : "");
    this.stop.hidden = !state.running;
    this.progress.hidden = !state.running;
    this.progress.max = Math.max(1, state.total);
    this.progress.value = state.through;
  }

  async #load() {
    if (this.loading || !this.state || this.state.revision === this.shown) return;
    this.loading = true;
    const { revision } = this.state;
    try {
      const { total, rows } = await this.api.outputs(0, this.wanted);
      this.list.replaceChildren(...rows.map((row) => this.#row(row)));
      this.more.hidden = total <= rows.length;
      this.shown = revision;
    } catch (error) {
      this.failed(error);
      this.shown = revision;
    }
    this.loading = false;
    if (this.dialog.open) void this.#load();
  }

  /** @param {OutputRow} row */
  #row(row) {
    const item = stamp("t-output");
    item.dataset.outcome = row.outcome;
    item.dataset.good = String(row.good);
    within(item, ".output-sign", HTMLElement).append(symbol(row.good ? "sign-check" : "sign-problem"));
    const name = within(item, ".output-name", HTMLElement);
    name.textContent = printable(row.short);
    name.title = printable(row.name);
    within(item, ".output-end", HTMLElement).textContent = row.outcome === "done" ? "redacted and proved" : row.outcome;
    within(item, ".output-words", HTMLUListElement).append(...row.words.map((words) => make("li", "", words)));
    const compare = within(item, ".output-compare", HTMLButtonElement);
    compare.hidden = row.target === null;
    compare.setAttribute("aria-label", `Compare ${row.short} before and after`);
    compare.addEventListener("click", () => this.compare.show(row));
    return item;
  }
}
