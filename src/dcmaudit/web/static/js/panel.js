/** The side panel: the plane's rectangles as a list (the same content as the canvas), and the file's facts. */

import { byId, counted, make, printable, setText, stamp, within } from "./dom.js";
import { KEPT, explain, judged, PREVIEW, sample, sourceOf, SOURCES } from "./sources.js";
import { parsedOf } from "./draft.js";
import { finished } from "./listrows.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").RectState} RectState */

/**
 * @typedef {object} PanelHost
 * @property {(command: string, args: Record<string, unknown>) => void} run
 * @property {(rect: RectState) => void} jump
 * @property {(id: string|number|null) => void} light
 */

/** @typedef {{frames: boolean, series: boolean}} Scopes  where else a rectangle of this plane can be wanted */

/** @param {ViewState} state @returns {Scopes} */
function scopesOf(state) {
  const group = state.plane ? state.groups[state.plane.group] : undefined;
  const isFrame = group?.kind === "frame";
  return { frames: isFrame && group.count > 1, series: isFrame && state.worklist.total > 1 };
}

export class Panel {
  /** @param {PanelHost} host */
  constructor(host) {
    this.host = host;
    this.list = byId("rects", HTMLUListElement);
    this.none = byId("norects", HTMLElement);
    this.legend = byId("legend", HTMLUListElement);
    this.facts = byId("facts", HTMLElement);
    this.drawn = "";
    this.told = "";
    /** @type {ViewState["file"]|undefined} whose facts are told; undefined before the first */
    this.file = undefined;
    this.user = "";
    /** @type {string|null} */
    this.chosen = null;
    this.tabs = ["plane", "file"].map((name) => byId(`tab-${name}`, HTMLButtonElement));
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.#choose(tab));
      tab.addEventListener("keydown", (event) => this.#tabKey(event));
    }
    this.list.addEventListener("keydown", (event) => this.#listKey(event));
  }

  /** @param {HTMLButtonElement} chosen */
  #choose(chosen) {
    for (const tab of this.tabs) {
      const on = tab === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      byId(tab.getAttribute("aria-controls") ?? "", HTMLElement).hidden = !on;
    }
  }

  /** @param {KeyboardEvent} event */
  #tabKey(event) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    event.stopPropagation();
    const other = this.tabs.find((tab) => tab !== event.target);
    if (!other) return;
    this.#choose(other);
    other.focus();
  }

  /**
   * @param {ViewState} state
   * @param {boolean} writable
   * @param {boolean} isCovered  whether another view is shown in place of the stage: no rectangle is in sight there
   */
  update(state, writable, isCovered) {
    const rects = state.plane ? state.rects : [];
    const signature = JSON.stringify([rects, writable, scopesOf(state)]);
    if (signature !== this.drawn) this.#drawRects(rects, writable, scopesOf(state));
    if (signature !== this.drawn || state.chosen !== this.chosen) this.#mark(state.chosen);
    this.drawn = signature;
    if (state.file !== this.file || state.user !== this.user) this.#tellFacts(state);
    const canMark = writable && !isCovered && state.plane !== null && !state.plane.error;
    byId("markbutton", HTMLButtonElement).disabled = !canMark;
    byId("applyall", HTMLButtonElement).disabled = !canMark || !rects.some((rect) => !rect.stored && !isFaint(rect));
    byId("tagbutton", HTMLButtonElement).disabled = !writable || !state.file;
    byId("tagbutton", HTMLButtonElement).setAttribute("aria-pressed", String(state.file?.tagged ?? false));
    byId("commentbutton", HTMLButtonElement).disabled = !writable || !state.file;
  }

  /** @param {ViewState} state */
  #tellFacts(state) {
    this.file = state.file;
    this.user = state.user;
    const facts = JSON.stringify([state.file, state.user]);
    if (facts !== this.told) this.#drawFacts(state);
    this.told = facts;
  }

  /** @param {RectState[]} rects @param {boolean} writable @param {Scopes} scopes */
  #drawRects(rects, writable, scopes) {
    const focused = this.list.contains(document.activeElement) ? this.#focusedPlace() : -1;
    const held = this.list.children[focused];
    const id = held instanceof HTMLElement ? held.dataset.id : undefined;
    this.list.replaceChildren(...rects.map((rect) => this.#row(rect, writable, scopes)));
    this.none.hidden = rects.length > 0;
    // The same rectangle where it is still there, for others may have come in before it.
    const same = rects.findIndex((rect) => String(rect.id) === id);
    if (focused >= 0) this.#focusRow(same >= 0 ? same : Math.min(focused, rects.length - 1));
    const counts = new Map(SOURCES.map((source) => [source, 0]));
    for (const rect of rects) if (rect.box && !rect.kept) counts.set(sourceOf(rect.source), (counts.get(sourceOf(rect.source)) ?? 0) + 1);
    const items = [...counts].filter(([, count]) => count > 0).map(([source, count]) => {
      const item = make("li", "");
      item.append(sample(source, true), make("span", "", source.title), make("b", "", String(count)));
      return item;
    });
    const kept = rects.filter((rect) => rect.kept);
    if (kept.length > 0) {
      const item = make("li", "");
      item.append(sample({ ...sourceOf("OCR"), dash: [] }, false, false, false, true), make("span", "", KEPT), make("b", "", String(kept.length)));
      items.push(item);
    }
    this.legend.replaceChildren(...items);
    this.legend.hidden = items.length === 0;
  }

  /** The row of the suggestion that the next decision is about. @param {string|null} chosen */
  #mark(chosen) {
    this.chosen = chosen;
    for (const row of this.list.children) {
      if (!(row instanceof HTMLElement)) continue;
      const isChosen = chosen !== null && row.dataset.id === chosen;
      row.dataset.chosen = isChosen ? "yes" : "no";
      if (isChosen) {
        row.setAttribute("aria-current", "true");
        row.scrollIntoView({ block: "nearest" });
      } else row.removeAttribute("aria-current");
    }
  }

  /** The id of the mark or suggestion whose row has the keyboard; null where none has it. */
  get focused() {
    const row = this.list.children[this.#focusedPlace()];
    return (row instanceof HTMLElement && row.dataset.id) || null;
  }

  /** @param {RectState} rect @param {boolean} writable @param {Scopes} scopes */
  #row(rect, writable, scopes) {
    const row = stamp("t-rect");
    row.dataset.id = String(rect.id);
    const source = sourceOf(rect.source);
    const jump = within(row, ".rect-jump", HTMLButtonElement);
    within(row, ".rect-sample", HTMLElement).append(sample(rect.kept ? { ...source, dash: [] } : source, !rect.applied, isFaint(rect), rect.preview, Boolean(rect.kept)));
    within(row, ".rect-what", HTMLElement).textContent = `${source.title}${rect.empty ? " · empty here" : rect.rejected ? " · rejected" : ""}`;
    row.dataset.faint = isFaint(rect) ? "yes" : "no";
    const [left, top, right, bottom] = rect.box ?? [0, 0, 0, 0];
    const text = within(row, ".rect-text", HTMLElement);
    text.textContent = rect.text ? `“${rect.text}”` : "";
    text.dataset.verdict = rect.verdict;
    const scope = rect.scope === "this plane" ? "" : `${rect.scope} · `;
    const told = judged(rect);
    const size = rect.shape ? `${rect.shape.title} · ` : rect.box ? `${right - left} × ${bottom - top} · ` : "";
    const why = within(row, ".rect-why", HTMLElement);
    why.textContent = `${size}${scope}${told ? `${told} · ` : ""}${rect.reason}`;
    // On a line of its own, where nothing cuts it off.
    const note = rect.preview ? PREVIEW : rect.kept ? KEPT : "";
    if (note) why.prepend(make("b", "", note), make("br", ""));
    jump.title = explain(rect);
    const where = rect.box ? ` At ${left}, ${top}, ${right - left} by ${bottom - top} pixels.` : "";
    jump.setAttribute("aria-label", `${explain(rect)}${where}`);
    jump.disabled = !rect.box || (rect.shape !== null && !(rect.stored && writable && parsedOf(rect.shape.text)));
    jump.addEventListener("click", () => this.host.jump(rect));
    row.addEventListener("pointerenter", () => this.host.light(rect.id));
    row.addEventListener("pointerleave", () => this.host.light(null));
    row.addEventListener("focusin", () => this.host.light(rect.id));
    row.addEventListener("focusout", () => this.host.light(null));
    if (writable) this.#buttons(row, rect, source.title, scopes);
    return row;
  }

  /** @param {HTMLElement} row @param {RectState} rect @param {string} title @param {Scopes} scopes */
  #buttons(row, rect, title, scopes) {
    const [few, more] = [".rect-do", ".rect-more"].map((name) => within(row, name, HTMLElement));
    /** @param {HTMLElement|undefined} place @param {string} label @param {string} command @param {Record<string, unknown>} [args] */
    const button = (place, label, command, args = {}) => {
      const made = make("button", "", label);
      made.type = "button";
      made.setAttribute("aria-label", `${label}: ${title}`);
      made.addEventListener("click", () => this.host.run(command, { id: rect.id, ...args }));
      place?.append(made);
    };
    const everywhere = rect.scope !== "this plane";
    if (rect.stored) {
      button(few, "Remove", "remove-rect");
      if (!everywhere && scopes.frames && rect.box) {
        button(more, "From here on", "copy-forwards");
        button(more, "On all frames", "mark-all-frames");
      }
    } else {
      button(few, rect.preview ? "Store" : "Apply", "apply-one");
      if (!rect.rejected) button(few, "Hide", "reject-one");
      if (everywhere) button(more, "On this plane", "apply-one", { scope: "this plane" });
      else if (scopes.frames) {
        button(more, "From here on", "copy-forwards");
        button(more, "On all frames", "apply-one", { scope: "all frames" });
      }
    }
    if (scopes.series && rect.box) button(more, "Whole series…", "mark-series");
  }

  #focusedPlace() {
    return [...this.list.children].findIndex((row) => row.contains(document.activeElement));
  }

  /** @param {number} place */
  #focusRow(place) {
    const row = this.list.children[place];
    if (row) within(row, ".rect-jump", HTMLButtonElement).focus();
    else byId("stage", HTMLElement).focus({ preventScroll: true });
  }

  /** Up and down walk through the rows, Delete removes or hides. @param {KeyboardEvent} event */
  #listKey(event) {
    const place = this.#focusedPlace();
    if (place < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const count = this.list.childElementCount;
    if (event.key === "ArrowDown") this.#focusRow(Math.min(place + 1, count - 1));
    else if (event.key === "ArrowUp") this.#focusRow(Math.max(place - 1, 0));
    else if (event.key === "Delete") {
      const buttons = this.list.children[place]?.querySelectorAll(".rect-do button");
      const last = buttons?.item(buttons.length - 1);
      if (last instanceof HTMLButtonElement) last.click();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {ViewState} state */
  #drawFacts(state) {
    const { file } = state;
    /** @type {[string, string][]} */
    const facts = file
      ? [
          ["File", printable(file.name)],
          ["State", finished(file)],
          ["Comment", file.comment || "–"],
          ["Modality", file.modality ?? "–"],
          ["Model", file.model ?? "–"],
          ["Planes", `${file.planes}, ${file.seen} seen`],
          ["Bits", bitsText(file)],
          .../** @type {[string, string][]} */ ((file.notes ?? []).map((note) => ["Note", note])),
          .../** @type {[string, string][]} */ ((state.database?.notes ?? []).map((note) => ["Database", note])),
          ["Reviewer", state.user],
        ]
      : [];
    this.facts.replaceChildren(...facts.flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]));
    setText(byId("tab-file", HTMLElement), file?.comment || file?.notes?.length ? "File ●" : "File");
  }
}

/** Whether a rectangle is not worth applying as it is. @param {RectState} rect */
function isFaint(rect) {
  return !rect.applied && Boolean(rect.empty || rect.rejected);
}

/** @param {import("./types.js").FileState} file */
function bitsText(file) {
  if (file.bits_progress) return `searching for hidden planes, ${file.bits_progress[0]} of ${counted(file.bits_progress[1], "frame")}`;
  return file.unscanned_bits ? "not searched for hidden planes yet" : "nothing left to search";
}
