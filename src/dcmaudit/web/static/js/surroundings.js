/** Everything around the stage that only shows: top line, status line, cards, messages, banners, start page. */

import { beside } from "./beside.js";
import { problemItem } from "./dialogs.js";
import { explain } from "./sources.js";
import { byId, counted, make, numbered, printable, setHidden, setText, setTitle } from "./dom.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").Trouble} Trouble */

const RENDERINGS = /** @type {Record<string, string>} */ ({ full: "full range", voi: "VOI window", local: "local contrast" });
const NOT_AUDITED = "not audited: ";
const LOST = {
  "no answer": "The server does not answer. What was marked before is saved; nothing can be marked until it is back. Trying again…",
  "started again": "dcmaudit was started again, and the new one does not know this page. Open the address that it printed in this browser: this page then goes on by itself. What was marked before is saved. Trying again…",
  "new server": "dcmaudit was started again and knows this browser. This page loads again once the open dialog is closed: copy first what you typed.",
  stranger: "Another program answers at this address. Start dcmaudit again and open the address that it prints. What was marked before is saved. Trying again…",
  closed: "Too many pages are open: this one had to make room. Reload it to go on. What was marked before is saved.",
  quit: "dcmaudit has ended. All marks are saved. This tab can be closed.",
};

/** What becomes of previews when the file is done. */
const UNSTORED = /** @type {Record<string, string>} */ ({ store: ", N stores them", ask: ", N asks", leave: ", N leaves them" });

export class Surroundings {
  /** @param {(command: string) => string} keyOf  how the key of a command is written */
  constructor(keyOf) {
    this.keyOf = keyOf;
    this.message = byId("message", HTMLElement);
    this.busyBox = byId("busy", HTMLElement);
    this.busyText = byId("busytext", HTMLElement);
    this.card = byId("card", HTMLElement);
    this.explainBox = byId("explain", HTMLElement);
    /** Number and text of the server's message; one from the page itself has none. */
    this.shownMessage = "";
    this.isRefusal = false;
    /** Whether the message is the page's own. */
    this.isOwn = false;
    /** Whether the message holds for as long as something goes on. */
    this.isTold = false;
    /** @type {import("./api.js").Remark|null} */
    this.remark = null;
    this.shownBefore = "";
    /** What the top line was written from. @type {unknown[]} */
    this.topped = [];
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.fading = undefined;
    /** The warning of a database that was called right, or "". */
    this.accepted = "";
    byId("freshclose", HTMLButtonElement).addEventListener("click", () => {
      this.accepted = byId("freshtext", HTMLElement).textContent ?? "";
      setHidden(byId("fresh", HTMLElement), true);
      byId("stage", HTMLElement).focus();
    });
    byId("messageclose", HTMLButtonElement).addEventListener("click", () => (this.message.hidden = true));
  }

  /**
   * @param {ViewState} state
   * @param {import("./api.js").Remark|null} [remark]  what has to be said of the picture; left out where it is the same one
   */
  top(state, remark = this.remark) {
    this.remark = remark;
    const { worklist, file, plane, stack, database, user, viewer } = state;
    this.#title(plane?.title ?? "");
    const note = byId("planenote", HTMLElement);
    setText(note, remark?.text ?? "");
    setTitle(note, remark?.text ?? "");
    // A step to a plane beside changes nothing of what follows: its state has the same parts.
    const from = [worklist, file, stack, database, user, viewer];
    if (from.every((each, place) => each === this.topped[place])) return;
    this.topped = from;
    const total = numbered(worklist.total);
    setText(byId("position", HTMLElement), worklist.number === null ? (file ? `–/${total}` : "") : `${worklist.number}/${total}`);
    setHidden(byId("tagged", HTMLElement), !file?.tagged);
    const name = byId("filename", HTMLElement);
    setText(name, file?.short ?? "");
    setTitle(name, printable(file?.name ?? ""));
    setText(byId("stackwords", HTMLElement), stack ? `${stack.words}, ${stack.order}` : "");
    const comment = byId("commentline", HTMLElement);
    setText(comment, file?.comment ?? "");
    setTitle(comment, file?.comment ?? "");
    const left = `${numbered(worklist.left)} left${worklist.growing ? " …" : ""}`;
    setText(byId("left", HTMLElement), file || worklist.total ? left : "");
    setText(byId("user", HTMLElement), user);
    const store = byId("store", HTMLElement);
    const location = database?.location ?? "";
    setText(store, location ? `${location.split("/").slice(-2).join("/")}${database?.writable ? "" : " (read only)"}` : "");
    setTitle(store, location ? `Database: ${location}` : "");
    setHidden(byId("viewer", HTMLElement), !viewer);
    setHidden(byId("changed", HTMLElement), !file?.changed);
    const fresh = database?.warning ?? "";
    setText(byId("freshtext", HTMLElement), fresh);
    setHidden(byId("fresh", HTMLElement), !fresh || fresh === this.accepted);
    const title = worklist.number === null ? "dcmaudit" : `${worklist.number}/${worklist.total} · dcmaudit`;
    // the browser tells its window of a title, the same one included
    if (document.title !== title) document.title = title;
  }

  /**
   * The title of the plane, in a box of its own size: that box alone is laid out where another title is as long.
   * @param {string} text
   */
  #title(text) {
    const title = byId("planetitle", HTMLElement);
    const before = title.firstChild;
    if (before instanceof Text && before.data.length === text.length) {
      if (before.data !== text) before.data = text;
      return;
    }
    title.textContent = text;
    title.style.setProperty("--letters", String(text.length));
  }

  /** What a screen reader says of the plane, once it is on the screen. @param {ViewState} state */
  speak(state) {
    const { worklist, plane } = state;
    const { remark } = this;
    const chosen = state.rects.find(({ id }) => state.chosen !== null && id === state.chosen);
    const about = chosen ? `. Chosen: ${explain(chosen)}` : "";
    const where = plane ? `${worklist.number ?? ""} of ${worklist.total}, ${plane.title}${remark ? `: ${remark.text}` : ""}${about}` : "";
    setText(byId("spoken", HTMLElement), where);
  }

  /**
   * Above the stage, as long as they hold: views in which something cannot be seen.
   * @param {ViewState} state
   * @param {import("./api.js").Remark|null} remark
   * @param {{zoom: string, isPart: boolean}|null} kept  the zoom that stays between planes, and whether parts are off the stage
   * @param {string} own  a window that a person has set, empty where there is none
   */
  words(state, remark, kept, own) {
    const { view, file } = state;
    const told = [];
    if (file && own) told.push([own, "text may be hidden: does not count as seen", "double click"]);
    else if (file && view.rendering === "voi" && (remark?.rendering ?? "voi") === "voi") told.push(["VOI window", "text may be hidden: does not count as seen", this.keyOf("voi")]);
    if (file && !view.redacted) told.push(["Without redaction", "marks are shown open", this.keyOf("show-redacted")]);
    if (file && kept) told.push([`Zoom stays at ${kept.zoom}`, kept.isPart ? "parts are off the stage" : "", this.keyOf("keep-zoom")]);
    const signature = told.map((each) => each.join()).join("|");
    const bar = byId("words", HTMLElement);
    if (bar.dataset.text === signature) return;
    bar.dataset.text = signature;
    bar.hidden = told.length === 0;
    byId("workspace", HTMLElement).dataset.words = told.length ? "yes" : "no";
    bar.replaceChildren(...told.map(([what, means, key]) => {
      const item = make("span", "word");
      // several at once have no room for more than their names
      item.append(make("b", "", what), told.length > 1 ? " " : ` ${means} `, make("kbd", "", key));
      item.title = means ?? "";
      return item;
    }));
  }

  /** @param {boolean} on */
  capsLock(on) {
    setHidden(byId("caps", HTMLElement), !on);
  }

  /**
   * @param {ViewState} state
   * @param {number} percent
   * @param {boolean} fitted
   * @param {boolean} own  whether a window is set by hand
   * @param {string} turned  how the view is turned, empty where it is upright
   */
  status(state, percent, fitted, own, turned) {
    const { view, file } = state;
    const zoom = `${fitted ? "fit " : ""}${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
    // Where one pixel of the screen stands for more than four of the image, small text leaves no trace.
    const small = state.plane?.image && percent < 50 ? [`only a glance: small text is lost at this size, ${this.keyOf("actual-size")} shows every pixel`] : [];
    const parts = file && state.plane?.image
      ? [own ? "own window" : RENDERINGS[this.remark?.rendering ?? view.rendering] ?? view.rendering, ...(view.inverted ? ["inverted"] : []), ...(turned ? [turned] : []), zoom, ...small, view.redacted ? "redaction shown" : "without redaction", ...(view.rejected ? ["rejected candidates shown"] : [])]
      : [];
    setText(byId("statusview", HTMLElement), parts.join(" · "));
    const bits = file?.bits_progress ? ` · searching for hidden planes, ${file.bits_progress[0]} of ${file.bits_progress[1]} frames` : "";
    const looking = file?.suggesting ? " · looking for suggestions" : "";
    const all = state.reading ? ` · ${state.reading}, ${this.keyOf("ocr-all")} stops it` : "";
    const reading = file?.reading.length ? ` · reading text on ${file.reading.join(", ")}…` : "";
    const unstored = file?.previews ? ` · ${counted(file.previews, "preview")} not stored${state.viewer ? "" : UNSTORED[state.previews] ?? ""}` : "";
    const more = file ? `${file.partly ? `, ${file.partly} in part` : ""}${file.stored ? "" : " (not stored)"}` : "";
    setText(byId("statusseen", HTMLElement), file ? `${file.seen} of ${counted(file.planes, "plane")} seen${more}${unstored}${bits}${looking}${reading}${all}` : "");
    const saved = byId("statussaved", HTMLElement);
    const connected = (document.body.dataset.lost ?? "no") === "no";
    if (connected) setText(saved, !file || state.viewer ? "" : state.saved ? "saved" : "saving…");
    if (connected) saved.dataset.bad = "no";
    this.#keys(state);
  }

  /** The two most useful keys now. @param {ViewState} state */
  #keys(state) {
    const { file, can } = state;
    /** @type {[string, string][]} */
    let named = [["open-files", "open files"]];
    if (file && state.chosen !== null && can.write) named = [["accept", "accept"], ["reject", "reject"], ["next-suggestion", "next suggestion"]];
    else if (file) {
      named = can.next_frame ? [["next-frame", "next plane"]] : [];
      if (file.seen >= file.planes && !state.viewer) named.push(["done-next", "done, next file"]);
      else if (can.next_overlay) named.push(["next-overlay", "next overlay"]);
      else if (!can.next_frame && file.seen < file.planes) named.push(["next-unseen", "plane not seen"]);
      else if (named.length < 2) named.push(["next-file", "next file"]);
    }
    named.push(["help", "help"]);
    const keys = named.map(([name, what]) => [this.keyOf(name), what]).filter(([key]) => key !== "");
    const line = byId("statuskeys", HTMLElement);
    const text = keys.map(([key, what]) => `${key} ${what}`).join("   ");
    if (line.dataset.text === text) return;
    line.dataset.text = text;
    line.replaceChildren(...keys.flatMap(([key, what]) => [make("b", "", key), ` ${what}   `]));
  }

  /** @param {ViewState} state @param {Trouble|null} trouble */
  trouble(state, trouble) {
    setHidden(this.card, trouble === null);
    if (!trouble) return;
    const title = state.plane?.title ?? "This plane";
    const known = state.plane?.kind === "not audited";
    const what = state.file?.error ? "This file cannot be shown" : known ? title : `${title} cannot be shown`;
    setText(byId("cardtitle", HTMLElement), what.charAt(0).toUpperCase() + what.slice(1));
    setText(byId("cardverdict", HTMLElement), state.file?.error ? "The file is not audited." : "This part of the file is not audited.");
    // the title says already what it is, and that it is not audited
    const said = (known && trouble.message.split(NOT_AUDITED).at(-1)) || trouble.message;
    setText(byId("cardtext", HTMLElement), said.charAt(0).toUpperCase() + said.slice(1));
    setText(byId("cardhint", HTMLElement), trouble.hint ?? "");
  }

  /** @param {ViewState} state */
  start(state) {
    const empty = state.file === null;
    const start = byId("start", HTMLElement);
    start.hidden = !empty;
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
  before(state, run) {
    const recent = state.recent ?? [];
    const offers = offersOf(state);
    const signature = state.file ? "" : JSON.stringify([recent, offers]);
    if (signature === this.shownBefore) return;
    this.shownBefore = signature;
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

  /**
   * @param {{text: string, kind: string, number?: number}|null} message
   * @param {import("./types.js").Edges} [area]  of the rectangle that it is about, in CSS pixels of the page
   */
  say(message, area) {
    const isOwn = message !== null && !message.number;
    if (!isOwn) {
      const signature = message ? `${message.number} ${message.text}` : "";
      // the same state may come again, and one without a message: neither takes away what the page said since
      if (signature === this.shownMessage) return;
      this.shownMessage = signature;
      if (message === null && this.isOwn) return;
    }
    this.isOwn = isOwn;
    clearTimeout(this.fading);
    this.isTold = false;
    this.message.hidden = message === null;
    if (!message) return;
    this.message.dataset.kind = message.kind;
    this.message.setAttribute("role", message.kind === "error" ? "alert" : "status");
    setText(byId("messagetext", HTMLElement), message.text);
    this.#pin(area);
    if (message.kind === "error") this.#inDialog(message.text);
    if (message.kind === "info") this.fading = setTimeout(() => (this.message.hidden = true), 6000);
  }

  /** Put the message beside a rectangle, or where messages stand. @param {import("./types.js").Edges} [area] */
  #pin(area) {
    this.message.dataset.beside = area ? "yes" : "no";
    this.message.style.left = this.message.style.top = "";
    if (!area) return;
    const [left, top] = beside(this.message.getBoundingClientRect(), area, [area[0], area[1]], { width: innerWidth, height: innerHeight });
    this.message.style.left = `${left}px`;
    this.message.style.top = `${top}px`;
  }

  /** The picture moved: what stood beside a rectangle would stand anywhere. */
  unpin() {
    if (this.message.dataset.beside === "yes") this.#pin();
  }

  /**
   * In the dialog that is open as well: whoever looks at it does not see what stands behind it.
   * @param {string} text
   */
  #inDialog(text) {
    const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
    if (!(dialog instanceof HTMLDialogElement)) return;
    const note = dialog.querySelector(".dialog-error") ?? make("p", "dialog-error");
    note.setAttribute("role", "alert");
    note.textContent = text;
    dialog.prepend(note);
    dialog.addEventListener("close", () => note.remove(), { once: true });
  }

  /** Something else is being done: what was refused before it no longer matters. */
  goOn() {
    if (this.isRefusal) this.message.hidden = true;
    this.isRefusal = false;
  }

  /** @param {Trouble} trouble @param {import("./types.js").Edges} [area]  of the rectangle that it is about */
  refused(trouble, area) {
    this.isRefusal = true;
    this.say({ text: [trouble.message, trouble.hint].filter(Boolean).join(" — "), kind: "error" }, area);
  }

  /** What somebody needs to know for as long as it is true; null once it no longer is. @param {string|null} text */
  tell(text) {
    if (text !== null) {
      this.say({ text, kind: "info" });
      clearTimeout(this.fading);
    } else if (this.isTold) this.message.hidden = true;
    this.isTold = text !== null;
  }

  /** @param {string|null} text */
  busy(text) {
    if (this.busyBox.hidden !== (text === null)) this.busyBox.hidden = text === null;
    if (text) setText(this.busyText, text);
  }

  /** @param {boolean} opening */
  setOpening(opening) {
    byId("opening", HTMLElement).hidden = !opening;
  }

  /** @param {import("./scheduler.js").Loss|"quit"|null} why */
  lost(why) {
    const banner = byId("lost", HTMLElement);
    banner.hidden = why === null;
    document.body.dataset.lost = why ?? "no";
    if (!why) return;
    setText(banner, LOST[why]);
    const saved = byId("statussaved", HTMLElement);
    setText(saved, why === "quit" ? "" : "no connection");
    saved.dataset.bad = why === "quit" ? "no" : "yes";
  }

  /**
   * Beside the rectangle that it is about, never on it.
   * @param {string|null} text
   * @param {number} x
   * @param {number} y
   * @param {import("./types.js").Edges} [area]  of the rectangle, in CSS pixels of the page
   */
  explain(text, x, y, area) {
    setHidden(this.explainBox, text === null);
    if (!text) return;
    setText(this.explainBox, text);
    const { width, height } = this.explainBox.getBoundingClientRect();
    const [atX, atY] = beside({ width, height }, area ?? [x, y, x, y + 12], [x, y], { width: innerWidth, height: innerHeight });
    this.explainBox.style.left = `${atX}px`;
    this.explainBox.style.top = `${atY}px`;
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

const THEMES = ["dark", "light", "system"];

/** Dark, light or as the system has it. Dark by default: beside a bright page the eye misses what is faint. */
export class Theme {
  constructor() {
    const kept = this.#kept;
    this.chosen = kept !== null && THEMES.includes(kept) ? kept : "dark";
    this.light = matchMedia("(prefers-color-scheme: light)");
    this.light.addEventListener("change", () => this.apply());
    this.onchange = () => {};
    this.apply();
  }

  get #kept() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  }

  apply() {
    const theme = this.chosen === "system" ? (this.light.matches ? "light" : "dark") : this.chosen;
    document.documentElement.dataset.theme = theme;
    const button = byId("theme", HTMLButtonElement);
    button.title = `Colours: ${this.chosen === "system" ? `as the system (${theme})` : theme}`;
    button.setAttribute("aria-label", button.title);
    this.onchange();
  }

  /** Dark, light, as the system, and round again. */
  toggle() {
    this.chosen = THEMES[(THEMES.indexOf(this.chosen) + 1) % THEMES.length] ?? "dark";
    try {
      localStorage.setItem("theme", this.chosen);
    } catch {
      // private windows may refuse: then it lasts until the page is left
    }
    this.apply();
  }
}
