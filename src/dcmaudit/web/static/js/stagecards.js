/** What lies on the stage besides the plane: why there is none, what is awaited, and what a rectangle is. */

import { beside } from "./beside.js";
import { byId, capital, setHidden, setText } from "./dom.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {import("./types.js").Trouble} Trouble */

const NOT_AUDITED = "not audited: ";

export class StageCards {
  constructor() {
    this.busyBox = byId("busy", HTMLElement);
    this.busyText = byId("busytext", HTMLElement);
    this.card = byId("card", HTMLElement);
    this.explainBox = byId("explain", HTMLElement);
  }

  /** Why the plane or the file is not shown. @param {ViewState} state @param {Trouble|null} trouble */
  trouble(state, trouble) {
    setHidden(this.card, trouble === null);
    if (!trouble) return;
    const title = state.plane?.title ?? "This plane";
    const known = state.plane?.kind === "not audited";
    const what = state.file?.error ? "This file cannot be shown" : known ? title : `${title} cannot be shown`;
    setText(byId("cardtitle", HTMLElement), capital(what));
    setText(byId("cardverdict", HTMLElement), state.file?.error ? "The file is not audited." : "This part of the file is not audited.");
    // the title says already what it is, and that it is not audited
    const said = (known && trouble.message.split(NOT_AUDITED).at(-1)) || trouble.message;
    setText(byId("cardtext", HTMLElement), capital(said));
    setText(byId("cardhint", HTMLElement), trouble.hint ?? "");
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
