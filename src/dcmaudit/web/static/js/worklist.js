/** The list of files: only the rows in sight exist, for there may be millions. */

import { byId, counted, printable, setText, settled, stamp, symbol, within } from "./dom.js";
import { labelOf, ListWindow, signOf, tooltipOf } from "./listrows.js";
import { paceWords } from "./pace.js";

/** @typedef {import("./types.js").WorklistRow} WorklistRow */
/** @typedef {import("./types.js").ViewState} ViewState */

const PAGE = 100;

export class Worklist {
  /**
   * @param {import("./api.js").Api} api
   * @param {(status: string, text: string) => void} filter  what N and Esc walk through from now on
   * @param {(row: WorklistRow) => void} go
   * @param {(error: unknown) => void} failed
   */
  constructor(api, filter, go, failed) {
    this.api = api;
    this.go = go;
    this.failed = failed;
    this.list = byId("list", HTMLElement);
    this.space = within(this.list, ".list-space", HTMLElement);
    this.status = byId("liststatus", HTMLSelectElement);
    this.text = byId("listtext", HTMLInputElement);
    this.foot = byId("listfoot", HTMLElement);
    this.bad = byId("listproblems", HTMLDetailsElement);
    /** @type {Map<number, WorklistRow[]>} */
    this.pages = new Map();
    /** @type {Set<number>} */
    this.asked = new Set();
    this.total = 0;
    this.current = -1;
    this.focused = 0;
    this.wanted = -1;
    this.signature = "";
    this.generation = 0;
    this.list.addEventListener("scroll", () => this.draw());
    this.list.addEventListener("click", (event) => this.#click(event));
    this.list.addEventListener("keydown", (event) => this.#key(event));
    /** What the list was drawn from last. */
    this.drawn = "";
    this.told = "|";
    const tell = () => {
      const now = `${this.status.value}|${this.text.value}`;
      if (now !== this.told) filter(this.status.value, this.text.value);
      this.told = now;
    };
    let listed = "|";
    const list = () => {
      tell();
      const now = `${this.status.value}|${this.text.value}`;
      if (now !== listed) this.#reload(true);
      listed = now;
    };
    const again = settled(list, 150);
    // Whoever has typed what is wanted wants to see it: the first that fits, and the list for those after it.
    this.text.addEventListener("keydown", (event) => {
      if (event.isComposing || !["Enter", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      list();
      this.list.focus();
      if (event.key === "Enter") this.#open(0);
    });
    // Whoever leaves the field goes on with the keys at once.
    this.text.addEventListener("blur", tell);
    this.status.addEventListener("change", again);
    this.text.addEventListener("input", again);
    this.refresh = settled(() => this.#reload(false), 120);
    new ResizeObserver(() => this.draw()).observe(this.list);
  }

  get isFiltered() {
    return this.status.value !== "" || this.text.value !== "";
  }

  /** @param {ViewState} state */
  update(state) {
    const { worklist, file } = state;
    // Most states are of another plane of the same file: to measure and fill the list again for each would cost a key more
    // than to paint its plane.
    const shown = [
      worklist.index, worklist.total, worklist.left, worklist.per_hour, worklist.growing, worklist.passed_over, worklist.problem_count,
      worklist.not_opened.length, worklist.found, worklist.folder, file?.file_id, file?.state, file?.tagged, file?.gap, state.database?.changes, this.isFiltered,
      document.activeElement === this.list,
    ].join("|");
    if (shown === this.drawn) return;
    this.drawn = shown;
    const moved = worklist.index !== this.current;
    this.current = worklist.index ?? -1;
    if (!this.isFiltered) this.#resize(worklist.total);
    const signature = [worklist.total, worklist.left, worklist.per_hour, file?.file_id, file?.state, file?.tagged, file?.gap, state.database?.changes].join("|");
    if (signature !== this.signature) this.refresh();
    this.signature = signature;
    if (moved && !this.isFiltered) {
      this.focused = Math.max(this.current, 0);
      this.#reveal(this.focused);
    }
    const passed = worklist.passed_over ? ` · ${counted(worklist.passed_over, "other file")} passed over` : "";
    setText(this.foot, `${counted(worklist.left, "file")} left${paceWords(worklist)}${worklist.growing ? ", still looking…" : ""}${passed}`);
    this.#problems(worklist);
    this.draw();
  }

  /**
   * What could not be read, and what was left out though images may be in it, behind a line that can be unfolded.
   * @param {import("./types.js").WorklistState} worklist
   */
  #problems({ problem_count: count, problems, not_opened: left }) {
    this.bad.hidden = count + left.length === 0;
    const summary = within(this.bad, "summary", HTMLElement);
    const told = [count ? counted(count, "problem") : "", left.length ? `${left.length} not opened` : ""].filter(Boolean).join(" · ");
    if (summary.textContent === told) return;
    setText(summary, told);
    const lines = [...problems, ...left].map(({ name, message }) => `${printable(name)}: ${message}`);
    if (count > problems.length) lines.push(`and ${counted(count - problems.length, "more problem")} of this kind`);
    const items = lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    });
    within(this.bad, "ul", HTMLElement).replaceChildren(...items);
  }

  /** @param {boolean} top */
  #reload(top) {
    this.generation += 1;
    this.asked.clear();
    if (top) {
      this.wanted = -1;
      this.pages.clear();
      this.list.scrollTop = 0;
      this.focused = 0;
    }
    const shown = this.#window;
    const first = Math.floor(shown.first / PAGE);
    // pages out of sight are asked again when they come into sight
    for (const page of this.pages.keys()) if (Math.abs(page - first) > 1) this.pages.delete(page);
    void this.#load(first);
    void this.#load(Math.floor((shown.first + shown.visible) / PAGE));
  }

  /** @param {number} page */
  async #load(page) {
    if (page < 0 || this.asked.has(page)) return;
    this.asked.add(page);
    const generation = this.generation;
    try {
      const found = await this.api.worklist(page * PAGE, PAGE, this.status.value, this.text.value);
      if (generation !== this.generation) return;
      this.pages.set(page, found.rows);
      this.#resize(found.total);
      this.draw();
      if (Math.floor(this.wanted / PAGE) === page) this.#open(this.wanted);
    } catch (error) {
      this.asked.delete(page);
      // The next state asks for it again.
      this.drawn = "";
      this.signature = "";
      this.failed(error);
    }
  }

  /** @param {number} total */
  #resize(total) {
    this.total = total;
    const height = `${this.#window.full}px`;
    if (this.space.style.height !== height) this.space.style.height = height;
    this.list.setAttribute("aria-label", `Worklist, ${counted(total, "file")}`);
  }

  /** What is in sight. */
  get #window() {
    return new ListWindow(this.total, this.list.clientHeight, this.list.scrollTop);
  }

  /** @param {number} place */
  #reveal(place) {
    const wanted = this.#window.revealing(place);
    if (wanted !== this.list.scrollTop) this.list.scrollTop = wanted;
  }

  draw() {
    const shown = this.#window;
    const { first, end } = shown;
    /** @type {HTMLElement[]} */
    const rows = [];
    const old = [...this.list.querySelectorAll(".row")];
    for (let place = first; place < end; place += 1) {
      const row = old[place - first];
      const node = row instanceof HTMLElement ? row : stamp("t-row");
      node.style.top = `${shown.topOf(place)}px`;
      this.#fill(node, place);
      if (!row) this.list.append(node);
      rows.push(node);
    }
    for (const extra of old.slice(rows.length)) extra.remove();
    const focused = rows.find((row) => row.classList.contains("focused"));
    if (focused) this.list.setAttribute("aria-activedescendant", focused.id);
    else this.list.removeAttribute("aria-activedescendant");
  }

  /** @param {HTMLElement} node @param {number} place */
  #fill(node, place) {
    const page = Math.floor(place / PAGE);
    const row = this.pages.get(page)?.[place % PAGE];
    if (!row) void this.#load(page);
    const state = signOf(row);
    node.id = `file-${place}`;
    node.dataset.place = String(place);
    node.setAttribute("aria-selected", String(row !== undefined && row.index === this.current));
    node.setAttribute("aria-setsize", String(this.total));
    node.setAttribute("aria-posinset", String(place + 1));
    node.classList.toggle("focused", place === this.focused && document.activeElement === this.list);
    setText(within(node, ".row-number", HTMLElement), row ? (row.index === null ? "–" : String(row.index + 1)) : "…");
    setText(within(node, ".row-name bdi", HTMLElement), row ? row.short : "");
    if (!row) return;
    node.title = tooltipOf(row);
    node.setAttribute("aria-label", labelOf(row));
    if (node.dataset.state !== state) {
      node.dataset.state = state;
      within(node, ".row-sign", HTMLElement).replaceChildren(symbol(`sign-${state.replaceAll(" ", "-")}`));
    }
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = event.target instanceof Element ? event.target.closest(".row") : null;
    if (row instanceof HTMLElement) this.#open(Number(row.dataset.place));
  }

  /** @param {number} place */
  #open(place) {
    const row = this.pages.get(Math.floor(place / PAGE))?.[place % PAGE];
    this.focused = place;
    this.wanted = row ? -1 : place; // not here yet: it is opened when its page comes
    if (row) this.go(row);
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -this.total, End: this.total });
    const step = steps[event.key];
    if (event.key === "Enter" || event.key === " ") this.#open(this.focused);
    else if (step !== undefined) this.focused = Math.min(Math.max(this.focused + step, 0), Math.max(0, this.total - 1));
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.#reveal(this.focused);
    this.draw();
  }
}
