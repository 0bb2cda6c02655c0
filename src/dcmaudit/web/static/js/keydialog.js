/** The dialog in which commands get keys of the user's own. Nothing is stored while two commands want one key. */

import { bound, conflicts, ownOf, RESERVED } from "./bindings.js";
import { ask } from "./dialogs.js";
import { byId, make, setText } from "./dom.js";
import { keyLabel, keyName } from "./keys.js";

/** @typedef {import("./types.js").Command} Command */

const MOST = 4;
const ALONE = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Dead", "Process", "Unidentified"]);

export class KeyDialog {
  /** @param {Command[]} table  as the program has it */
  constructor(table) {
    this.table = table;
    /** @type {Record<string, string[]>} */
    this.own = {};
    /** @type {{name: string, at: number}|null} the command that the next key is for, and which of its keys it replaces */
    this.waiting = null;
    this.dialog = byId("dialog-keys", HTMLDialogElement);
    this.body = byId("keys-rows", HTMLTableSectionElement);
    this.note = byId("keys-note", HTMLElement);
    this.filter = byId("keys-filter", HTMLInputElement);
    this.save = byId("keys-save", HTMLButtonElement);
    this.filter.addEventListener("input", () => this.#hide());
    byId("keys-all", HTMLButtonElement).addEventListener("click", () => {
      this.own = {};
      this.#fill();
    });
    this.dialog.addEventListener("keydown", (event) => this.#key(event), { capture: true });
  }

  /** @param {Record<string, string[]>} own @returns {Promise<Record<string, string[]>|null>} null where nothing is to be stored */
  async open(own) {
    this.own = structuredClone(own);
    this.waiting = null;
    this.filter.value = "";
    this.#fill();
    return (await ask(this.dialog)) === "save" ? ownOf(this.table, this.#commands()) : null;
  }

  #commands() {
    return bound(this.table, this.own).filter(({ menu }) => menu !== null);
  }

  #fill() {
    const commands = this.#commands();
    const inTheWay = conflicts(commands);
    this.body.replaceChildren(...commands.map((command) => this.#row(command, inTheWay.get(command.name))));
    this.save.disabled = inTheWay.size > 0;
    setText(this.note, inTheWay.size ? `${inTheWay.size} commands want a key that another one has: give one of them another, or none.` : "");
    this.#hide();
  }

  /** @param {Command} command @param {{key: string, other: Command}|undefined} conflict */
  #row(command, conflict) {
    const row = document.createElement("tr");
    row.dataset.command = command.name;
    row.dataset.search = [command.label, command.menu, ...command.keys.map(keyLabel)].join(" ").toLowerCase();
    const name = make("td", "", `${command.menu}: ${command.label}`);
    if (conflict) name.append(make("p", "dialog-error", `${keyLabel(conflict.key)} is also the key of “${conflict.other.label}”`));
    const keys = make("td", "keys-cell");
    command.keys.forEach((key, at) => keys.append(this.#button(command, at, keyLabel(key))));
    if (command.keys.length < MOST) keys.append(this.#button(command, command.keys.length, "+"));
    const back = make("td", "");
    if (command.name in this.own) back.append(this.#plain(`Usual keys of “${command.label}”`, "usual", () => this.#put(command.name, null)));
    row.append(name, keys, back);
    return row;
  }

  /** @param {Command} command @param {number} at @param {string} text */
  #button(command, at, text) {
    const isWaiting = this.waiting?.name === command.name && this.waiting.at === at;
    const label = at < command.keys.length ? `Change the key ${text} of “${command.label}”` : `Another key for “${command.label}”`;
    const button = this.#plain(label, isWaiting ? "press a key" : text, () => {
      this.waiting = isWaiting ? null : { name: command.name, at };
      this.#fill();
      setText(this.note, this.waiting ? `Press the new key for “${command.label}”. Delete takes the key away, Esc leaves it as it is.` : "");
      this.#focus(command.name, at);
    });
    button.dataset.at = String(at);
    button.dataset.waiting = isWaiting ? "yes" : "no";
    return button;
  }

  /** @param {string} label @param {string} text @param {() => void} work */
  #plain(label, text, work) {
    const button = make("button", "key", text);
    button.type = "button";
    button.setAttribute("aria-label", label);
    button.title = label;
    button.addEventListener("click", work);
    return button;
  }

  /** @param {string} name @param {string[]|null} keys  null: the usual ones */
  #put(name, keys) {
    if (keys) this.own[name] = keys;
    else delete this.own[name];
    this.waiting = null;
    this.#fill();
    this.#focus(name, 0);
  }

  /** @param {string} name @param {number} at */
  #focus(name, at) {
    const row = [...this.body.rows].find((each) => each.dataset.command === name);
    const buttons = [...(row?.querySelectorAll("button[data-at]") ?? [])];
    const button = buttons.find((each) => each instanceof HTMLElement && each.dataset.at === String(at)) ?? buttons.at(-1);
    if (button instanceof HTMLElement) button.focus();
  }

  /** The key that was asked for. @param {KeyboardEvent} event */
  #key(event) {
    const { waiting } = this;
    if (!waiting || event.isComposing || ALONE.has(event.key) || event.key === "Tab") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const keys = [...(this.#commands().find(({ name }) => name === waiting.name)?.keys ?? [])];
    const key = keyName(event);
    if (event.key === "Escape") {
      this.waiting = null;
      this.#fill();
      this.#focus(waiting.name, waiting.at);
      return;
    }
    if (event.key === "Delete" || event.key === "Backspace") keys.splice(waiting.at, 1);
    else if (RESERVED.has(key)) {
      setText(this.note, `${key === " " ? "Space" : keyLabel(key)} belongs to the page or the browser: choose another key.`);
      return;
    } else if (!keys.includes(key)) keys[Math.min(waiting.at, keys.length)] = key;
    this.#put(waiting.name, keys);
  }

  #hide() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of this.body.rows) row.hidden = !words.every((word) => (row.dataset.search ?? "").includes(word));
  }
}
