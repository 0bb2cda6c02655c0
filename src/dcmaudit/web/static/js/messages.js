/** What the program or the page says: one message at a time, in its place or beside the rectangle that it is about. */

import { beside } from "./beside.js";
import { byId, make, setText } from "./dom.js";

/** @typedef {import("./types.js").Trouble} Trouble */

export class Messages {
  constructor() {
    this.message = byId("message", HTMLElement);
    /** Number and text of the server's message; one from the page itself has none. */
    this.shownMessage = "";
    this.isRefusal = false;
    /** Whether the message is the page's own. */
    this.isOwn = false;
    /** Whether the message holds for as long as something goes on. */
    this.isTold = false;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.fading = undefined;
    byId("messageclose", HTMLButtonElement).addEventListener("click", () => (this.message.hidden = true));
  }

  /** What is shown; empty where nothing is. */
  get text() {
    return this.message.hidden ? "" : (byId("messagetext", HTMLElement).textContent ?? "");
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
    this.isRefusal = false;
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

  /** Something else is being done: what was refused, or what the page said of something before it, no longer matters. */
  goOn() {
    if (this.isRefusal || (this.isOwn && !this.isTold)) this.message.hidden = true;
    this.isRefusal = false;
  }

  /** @param {Trouble} trouble @param {import("./types.js").Edges} [area]  of the rectangle that it is about */
  refused(trouble, area) {
    this.say({ text: [trouble.message, trouble.hint].filter(Boolean).join(" — "), kind: "error" }, area);
    this.isRefusal = true;
  }

  /** What somebody needs to know for as long as it is true; null once it no longer is. @param {string|null} text */
  tell(text) {
    if (text !== null) {
      this.say({ text, kind: "info" });
      clearTimeout(this.fading);
    } else if (this.isTold) this.message.hidden = true;
    this.isTold = text !== null;
  }
}
