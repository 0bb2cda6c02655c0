/** The menu bar, made from the command table. Follows the ARIA pattern for menu bars. */

import { make, stamp, symbol, within } from "./dom.js";
import { keyLabel } from "./keys.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").ViewState} ViewState */

/** CSS pixels between menus and both edges of the window. */
const EDGE = 16;
const MENUS = ["File", "Options", "Mark", "Go", "View", "Help"];
const TITLES = /** @type {Record<string, string>} */ ({
  images: "Which files are shown",
  redaction: "What is redacted at once",
  rectangles: "Which rectangles are outlined",
  wheel: "The wheel of the mouse",
  series: "The files of one series",
  held: "Planes while a key is held down",
  cine: "How fast a cine plays",
  advance: "After a suggestion is accepted or rejected",
  previews: "What is black and not stored, when a file is done",
});

export class Menus {
  /**
   * @param {HTMLElement} bar
   * @param {Command[]} commands
   * @param {(command: Command) => void} run
   */
  constructor(bar, commands, run) {
    this.bar = bar;
    this.run = run;
    /** @type {{head: HTMLButtonElement, menu: HTMLElement, items: {node: HTMLElement, command: Command}[]}[]} */
    this.menus = [];
    /** @type {Element|null} */
    this.before = null;
    for (const name of MENUS) {
      const own = commands.filter((command) => command.menu === name);
      if (own.length) this.#build(name, own);
    }
    const first = this.menus[0];
    if (first) first.head.tabIndex = 0;
    bar.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("pointerdown", (event) => {
      if (event.target instanceof Node && !bar.contains(event.target)) this.close(false);
    });
    bar.addEventListener("focusout", (event) => {
      if (!(event.relatedTarget instanceof Node) || !bar.contains(event.relatedTarget)) this.#hide();
    });
  }

  /** Put the keyboard into the bar. */
  focus() {
    this.before = document.activeElement;
    this.menus.find(({ head }) => head.tabIndex === 0)?.head.focus();
  }

  get isOpen() {
    return this.menus.some(({ menu }) => !menu.hidden);
  }

  /** @param {string} name @param {Command[]} commands */
  #build(name, commands) {
    const root = stamp("t-menu");
    const head = within(root, "button", HTMLButtonElement);
    const menu = within(root, "[role=menu]", HTMLElement);
    head.textContent = name;
    menu.setAttribute("aria-label", name);
    const entry = { head, menu, items: /** @type {{node: HTMLElement, command: Command}[]} */ ([]) };
    let group = "";
    for (const command of commands) {
      if (command.group !== group) this.#divide(menu, command);
      group = command.group;
      const node = this.#item(command);
      menu.append(node);
      entry.items.push({ node, command });
    }
    head.addEventListener("click", () => (menu.hidden ? this.open(entry, null) : this.close(true)));
    head.addEventListener("pointerenter", () => {
      if (this.isOpen && menu.hidden) this.open(entry, null);
    });
    this.menus.push(entry);
    this.bar.append(root);
  }

  /** @param {HTMLElement} menu @param {Command} command */
  #divide(menu, command) {
    if (menu.childElementCount) {
      const line = make("div", "menu-line");
      line.setAttribute("role", "separator");
      menu.append(line);
    }
    const title = command.toggles ? TITLES[command.group] : undefined;
    if (title) {
      const heading = make("div", "menu-title", title);
      heading.setAttribute("role", "presentation");
      menu.append(heading);
    }
  }

  /** @param {Command} command */
  #item(command) {
    const node = stamp("t-item");
    node.dataset.command = command.name;
    node.setAttribute("role", !command.toggles ? "menuitem" : command.toggles.includes("=") ? "menuitemradio" : "menuitemcheckbox");
    within(node, ".label", HTMLElement).textContent = command.label;
    labelKey(node, command);
    node.title = command.help;
    node.addEventListener("click", () => this.#choose(node, command));
    node.addEventListener("pointerenter", () => node.focus({ preventScroll: true }));
    return node;
  }

  /** Other keys beside the entries. @param {Command[]} commands */
  relabel(commands) {
    const known = new Map(commands.map((command) => [command.name, command]));
    for (const { items } of this.menus) for (const { node, command } of items) labelKey(node, known.get(command.name) ?? command);
  }

  /** @param {HTMLElement} node @param {Command} command */
  #choose(node, command) {
    if (node.getAttribute("aria-disabled") === "true") return;
    // switches stay open, so that several can be set in one go
    if (!command.toggles) this.close(true);
    this.run(command);
  }

  /**
   * @param {{head: HTMLButtonElement, menu: HTMLElement, items: {node: HTMLElement}[]}} entry
   * @param {"first"|"last"|null} focus
   */
  open(entry, focus) {
    if (!this.isOpen && !this.bar.contains(document.activeElement)) this.before = document.activeElement;
    this.#hide();
    entry.menu.hidden = false;
    fold(entry.menu);
    entry.head.setAttribute("aria-expanded", "true");
    this.#rove(entry.head);
    if (focus) entry.items.at(focus === "first" ? 0 : -1)?.node.focus();
    else entry.head.focus();
  }

  /** @param {boolean} back  give the focus back to where it was */
  close(back) {
    if (!this.isOpen && !this.bar.contains(document.activeElement)) return;
    this.#hide();
    if (back) {
      const to = this.before instanceof HTMLElement && this.before !== document.body ? this.before : null;
      (to ?? document.getElementById("stage"))?.focus({ preventScroll: true });
    }
  }

  #hide() {
    for (const { head, menu } of this.menus) {
      menu.hidden = true;
      head.setAttribute("aria-expanded", "false");
    }
  }

  /** @param {HTMLButtonElement} head */
  #rove(head) {
    for (const each of this.menus) each.head.tabIndex = each.head === head ? 0 : -1;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const place = this.menus.findIndex(
      ({ head, menu }) => head === document.activeElement || menu.contains(document.activeElement),
    );
    const entry = this.menus[place];
    if (!entry || event.ctrlKey || event.altKey || event.metaKey) return;
    if (this.#move(event.key, entry, place)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Tab") {
      this.#hide();
    }
  }

  /**
   * @param {string} key
   * @param {{head: HTMLButtonElement, menu: HTMLElement, items: {node: HTMLElement, command: Command}[]}} entry
   * @param {number} place
   * @returns {boolean} whether the key was one of the menu's
   */
  #move(key, entry, place) {
    const inside = entry.items.findIndex(({ node }) => node === document.activeElement);
    const count = this.menus.length;
    switch (key) {
      case "ArrowRight":
      case "ArrowLeft": {
        const next = this.menus[(place + (key === "ArrowRight" ? 1 : count - 1)) % count];
        if (next && this.isOpen) this.open(next, inside >= 0 ? "first" : null);
        else if (next) {
          this.#rove(next.head);
          next.head.focus();
        }
        return true;
      }
      case "ArrowDown":
      case "ArrowUp": {
        const step = key === "ArrowDown" ? 1 : -1;
        if (inside < 0) this.open(entry, step > 0 ? "first" : "last");
        else entry.items.at((inside + step + entry.items.length) % entry.items.length)?.node.focus();
        return true;
      }
      case "Home":
      case "End":
        if (inside >= 0) entry.items.at(key === "Home" ? 0 : -1)?.node.focus();
        else this.#head(key === "Home" ? 0 : -1);
        return true;
      case "Enter":
      case " ": {
        const item = entry.items[inside];
        if (item) this.#choose(item.node, item.command);
        else this.open(entry, "first");
        return true;
      }
      case "Escape":
        this.close(true);
        return true;
      default:
        return key.length === 1 && this.#letter(key.toLowerCase(), entry, inside);
    }
  }

  /** @param {number} place */
  #head(place) {
    const entry = this.menus.at(place);
    if (!entry) return;
    this.#rove(entry.head);
    entry.head.focus();
  }

  /**
   * First letters go to the next entry that begins with them.
   * @param {string} letter
   * @param {{items: {node: HTMLElement, command: Command}[]}} entry
   * @param {number} inside
   */
  #letter(letter, entry, inside) {
    if (!this.isOpen) return true;
    const order = [...entry.items.slice(inside + 1), ...entry.items.slice(0, inside + 1)];
    order.find(({ command }) => command.label.toLowerCase().startsWith(letter))?.node.focus();
    return true;
  }

  /**
   * Ticks and what cannot be used now.
   * @param {ViewState} state
   * @param {(command: Command) => boolean} usable
   */
  update(state, usable) {
    for (const { items } of this.menus) {
      for (const { node, command } of items) {
        node.setAttribute("aria-disabled", String(!usable(command)));
        if (!command.toggles) continue;
        const on = isOn(command.toggles, state);
        if (node.getAttribute("aria-checked") === String(on)) continue;
        node.setAttribute("aria-checked", String(on));
        within(node, ".tick", HTMLElement).replaceChildren(...(on ? [symbol("sign-check")] : []));
      }
    }
  }
}

/** A menu that is higher than the window gets columns, as many as it needs and there is room for. @param {HTMLElement} menu */
function fold(menu) {
  const { style } = menu;
  style.width = style.left = "";
  style.columnCount = "auto";
  const wanted = Math.ceil(menu.scrollHeight / Math.max(1, menu.clientHeight));
  const columns = Math.min(wanted, Math.floor((innerWidth - EDGE) / menu.offsetWidth));
  if (columns > 1) {
    style.width = `${columns * menu.offsetWidth}px`;
    style.columnCount = String(columns);
  }
  const over = menu.getBoundingClientRect().right + EDGE / 2 - innerWidth;
  if (over > 0) style.left = `${-over}px`;
}

/**
 * Whether an entry is ticked: an option that is on, or "setting=value" for one value of several.
 * @param {string} toggles
 * @param {ViewState} state
 */
function isOn(toggles, state) {
  const [name, value] = toggles.split("=");
  return value === undefined ? state.options[toggles]?.value === true : (name === "previews" ? state.previews : state.choices?.[name ?? ""]) === value;
}

/** @param {HTMLElement} node @param {Command} command */
function labelKey(node, { key }) {
  within(node, "kbd", HTMLElement).textContent = key ? keyLabel(key) : "";
  if (key) node.setAttribute("aria-keyshortcuts", key.replace("Ctrl", "Control"));
  else node.removeAttribute("aria-keyshortcuts");
}
