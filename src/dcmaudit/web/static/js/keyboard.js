/** Keys on the page: which of them move the stage or the rectangle, and which are commands of the table. */

import { anyOpen } from "./dialogs.js";
import { byId } from "./dom.js";
import { isTyping, keyName } from "./keys.js";

export class Keyboard {
  /** @param {import("./page.js").Page} page */
  constructor(page) {
    this.page = page;
  }

  listen() {
    document.addEventListener("keydown", (event) => this.#key(event));
    for (const kind of /** @type {const} */ (["keydown", "keyup", "pointerdown"])) {
      document.addEventListener(kind, (event) => this.page.around.capsLock(event.getModifierState("CapsLock")), { capture: true });
    }
    document.addEventListener("keyup", (event) => {
      if (event.key === " ") this.page.pointer.space = false;
      if (event.key === "h") this.#bare(false);
      this.page.scheduler.release();
    });
    addEventListener("blur", () => {
      this.#bare(false);
      this.page.scheduler.release();
    });
    for (const button of document.querySelectorAll("button[data-command]")) {
      button.addEventListener("click", () => {
        const command = this.page.commands.find(({ name }) => button instanceof HTMLElement && name === button.dataset.command);
        if (command) this.page.execute(command, false);
      });
    }
    byId("theme", HTMLButtonElement).addEventListener("click", () => this.page.theme.toggle());
  }

  /** Every rectangle off the stage, or back on it. @param {boolean} bare */
  #bare(bare) {
    const { stage } = this.page;
    if (stage.shown.bare !== bare) stage.update({ bare });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.defaultPrevented || event.isComposing || anyOpen()) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") {
        event.preventDefault();
        this.page.stage.root.focus({ preventScroll: true });
      }
      return;
    }
    const onStage = event.target === document.body || event.target === this.page.stage.root;
    if (event.key === " " && onStage) {
      this.page.pointer.space = true;
      event.preventDefault();
    } else if (event.key === "h" && onStage && !event.ctrlKey && !event.altKey && !event.metaKey) {
      this.#bare(true);
      event.preventDefault();
    } else if (onStage && this.page.mayWrite && !this.page.overview.isOpen && this.page.handled.nudge(event)) {
      event.preventDefault();
    } else this.#command(event);
  }

  /** @param {KeyboardEvent} event */
  #command(event) {
    if (event.key === "Escape" && this.#escape()) {
      event.preventDefault();
      return;
    }
    const command = this.page.keys.get(keyName(event));
    if (!command) return;
    event.preventDefault();
    this.page.execute(command, event.repeat);
  }

  /** Esc takes away what is in front first; only then it means the next file. */
  #escape() {
    if (this.page.overview.isOpen) {
      this.page.overview.close();
      return true;
    }
    if (this.page.pointer.drag) {
      this.page.pointer.cancel();
      return true;
    }
    return false;
  }
}
