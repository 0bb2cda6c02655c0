/** The line below the stage: how the plane is shown, what was seen, whether it is saved, and which keys help now. */

import { byId, counted, make, setText } from "./dom.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/**
 * How the plane is on the stage.
 * @typedef {object} Shown
 * @property {number} percent
 * @property {boolean} fitted
 * @property {boolean} own  whether a window is set by hand
 * @property {string} turned  how the view is turned, empty where it is upright
 * @property {string} rendering  the one that is shown, which may be another one than was asked for
 * @property {import("./overview.js").Kind|null} over  what is shown in place of the stage
 */

const RENDERINGS = /** @type {Record<string, string>} */ ({ full: "full range", voi: "VOI window", local: "local contrast" });

const LOST = {
  "no answer": "The server does not answer. What was marked before is saved; nothing can be marked until it is back. Trying again…",
  "started again": "dcmaudit does not know this browser any more: it was started again, or the browser lost its cookies. Open the address that it printed last in this browser: this page then goes on by itself. If that address was used already, start dcmaudit again. What was marked before is saved. Trying again…",
  "new server": "dcmaudit was started again and knows this browser. This page loads again once the open dialog is closed: copy first what you typed.",
  stranger: "Another program answers at this address. Start dcmaudit again and open the address that it prints. What was marked before is saved. Trying again…",
  closed: "Too many pages are open: this one had to make room. Reload it to go on. What was marked before is saved.",
  quit: "dcmaudit has ended. All marks are saved. This tab can be closed.",
};

/** What helps in the views that are shown in place of the stage: there the keys of the stage mean other things. */
const OVER = /** @type {Record<import("./overview.js").Kind, [string, string][]>} */ ({
  grid: [["Enter", "to the plane"], ["+ −", "size"]],
  series: [["Enter", "to the file"]],
  projection: [["Page keys", "other views"], ["Enter", "to the plane"]],
  classes: [["Space", "choose"], ["Enter", "open"]],
});

/** What becomes of previews when the file is done. */
const UNSTORED = /** @type {Record<string, string>} */ ({ store: ", N stores them", ask: ", N asks", leave: ", N leaves them" });

export class StatusLine {
  /** @param {(command: string) => string} keyOf  how the key of a command is written */
  constructor(keyOf) {
    this.keyOf = keyOf;
    /** Whether something is on its way into the database for longer than a moment. */
    this.isSaving = false;
  }

  /** @param {boolean} on @returns {boolean} whether that is new */
  saving(on) {
    if (on === this.isSaving) return false;
    this.isSaving = on;
    if (on) setText(byId("statussaved", HTMLElement), "saving…");
    return true;
  }

  /** @param {ViewState} state @param {Shown} shown */
  update(state, { percent, fitted, own, turned, rendering, over }) {
    const { view, file } = state;
    const zoom = `${fitted ? "fit " : ""}${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
    // Where one pixel of the screen stands for more than four of the image, small text leaves no trace.
    const small = state.plane?.image && percent < 50 ? [`only a glance: small text is lost at this size, ${this.keyOf("actual-size")} shows every pixel`] : [];
    const parts = file && state.plane?.image && !over
      ? [own ? "own window" : RENDERINGS[rendering] ?? view.rendering, ...(view.inverted ? ["inverted"] : []), ...(turned ? [turned] : []), zoom, ...small, view.redacted ? "redaction shown" : "without redaction", ...(view.rejected ? ["rejected candidates shown"] : [])]
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
    if (connected) setText(saved, !file || state.viewer ? "" : state.saved && !this.isSaving ? "saved" : "saving…");
    if (connected) saved.dataset.bad = "no";
    this.#keys(state, over);
  }

  /** The two most useful keys now. @param {ViewState} state @param {Shown["over"]} over */
  #keys(state, over) {
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
    /** @type {[string, string][]} */
    const here = over ? [...OVER[over], ["Esc", "back"]] : named.map(([name, what]) => [this.keyOf(name), what]);
    const keys = [...here, [this.keyOf("help"), "help"]].filter(([key]) => key !== "");
    const line = byId("statuskeys", HTMLElement);
    const text = keys.map(([key, what]) => `${key} ${what}`).join("   ");
    if (line.dataset.text === text) return;
    line.dataset.text = text;
    line.replaceChildren(...keys.flatMap(([key, what]) => [make("b", "", key), ` ${what}   `]));
  }

  /** The connection, here and as a banner. @param {import("./scheduler.js").Loss|"quit"|null} why */
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
}
