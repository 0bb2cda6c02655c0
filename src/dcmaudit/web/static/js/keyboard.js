/** Keys on the page: which of them move the stage or the rectangle, and which are commands of the table. */

import { anyOpen, byId } from "./dom.js";
import { isTyping, keyName } from "./keys.js";

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

/** An arrow key goes on by this part of the stage, and with Shift by the smaller one. */
const PART = 0.25;
const FINE = 0.025;

export class Keyboard {
  /** @param {import("./page.js").Page} page */
  constructor(page) {
    this.page = page;
    /** The key on the keyboard that is held, wherever its letter lies. */
    this.code = "";
    /** Whether it hides every rectangle: whatever is painted meanwhile comes without them, too. */
    this.isBare = false;
  }

  listen() {
    document.addEventListener("keydown", (event) => this.#key(event));
    for (const kind of /** @type {const} */ (["keydown", "keyup", "pointerdown"])) {
      document.addEventListener(kind, (event) => this.page.topLine.capsLock(event.getModifierState("CapsLock")), { capture: true });
    }
    document.addEventListener("keyup", (event) => {
      if (event.key === " ") this.page.pointer.space = false;
      if (event.code === this.code) this.#letGo();
      this.page.spoken.letGo(this.page.messages.text);
      this.page.scheduler.letGo();
    });
    addEventListener("blur", () => {
      this.#letGo();
      this.page.pointer.space = false;
      this.page.scheduler.letGo();
    });
    for (const button of document.querySelectorAll("button[data-command]")) {
      button.addEventListener("click", () => {
        const command = this.page.commands.find(({ name }) => button instanceof HTMLElement && name === button.dataset.command);
        if (command) this.page.execute(command, false);
      });
    }
    byId("theme", HTMLButtonElement).addEventListener("click", () => this.page.theme.toggle());
  }

  /**
   * Arrow keys move what is in sight of a picture that is larger than the stage: with Space held down, as it does with
   * the mouse, and without it where there is no rectangle that they could move.
   * @param {KeyboardEvent} event
   * @returns {boolean} whether they did
   */
  #pan(event) {
    const { page } = this;
    const arrow = ARROWS[event.key];
    const isFree = page.pointer.space || !page.mayWrite || !page.handled.box;
    if (!arrow || !isFree || event.ctrlKey || event.altKey || event.metaKey || !page.stage.plane || page.overview.isOpen) return false;
    const part = event.shiftKey ? FINE : PART;
    if (page.stage.camera.look(arrow[0] * part, arrow[1] * part)) page.stage.moved();
    return true;
  }

  /** A key that does something as long as it is held. @param {string|undefined} name  of its command @param {KeyboardEvent} event @returns {boolean} */
  #hold(name, event) {
    const { page } = this;
    if (name !== "bare" && name !== "magnify") return false;
    if (event.repeat || !page.stage.plane || page.overview.isOpen) return true;
    this.code = event.code;
    if (name === "bare") this.#bare(true);
    else page.lens.open();
    return true;
  }

  /** Every rectangle is hidden, or no longer. @param {boolean} on */
  #bare(on) {
    this.isBare = on;
    this.page.topLine.hold(on ? "rectangles are hidden while the key is held down" : "");
    this.page.stage.update({ bare: on });
  }

  /** The held key was let go. */
  #letGo() {
    const { lens } = this.page;
    this.code = "";
    if (this.isBare) this.#bare(false);
    if (lens.isOpen) {
      lens.close();
      this.page.looked();
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.defaultPrevented || event.isComposing || anyOpen()) return;
    if (event.repeat) this.page.spoken.held();
    // Keys such as F10 write nothing: they mean in a field what they mean elsewhere.
    if (isTyping(event.target) && !/^F\d+$/.test(event.key)) {
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
    } else if (onStage && this.#pan(event)) {
      event.preventDefault();
    } else if (this.#hold(this.page.keys.get(keyName(event))?.name, event)) {
      event.preventDefault();
    } else if (onStage && this.page.mayWrite && !this.page.overview.isOpen && this.page.handled.nudge(event)) {
      event.preventDefault();
      this.page.spoken.moved(() => this.page.handled.box);
    } else this.#command(event);
  }

  /** @param {KeyboardEvent} event */
  #command(event) {
    if (event.key === "Escape" && this.#escape()) {
      event.preventDefault();
      return;
    }
    const command = this.page.keys.get(keyName(event));
    // Everything chosen as text would lie as a coloured veil over the pictures, and a veil hides what is faint.
    if (!command && keyName(event) === "Ctrl+a") event.preventDefault();
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
