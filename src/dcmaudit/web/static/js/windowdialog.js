/** The dialog of windows by name: usual ones, own ones, and saving the one that is set. */

import { ask } from "./dialogs.js";
import { byId, make, setText } from "./dom.js";

/** @typedef {import("./windows.js").Named} Named */
/** @typedef {{kind: "set", window: import("./levels.js").Window} | {kind: "save", name: string} | {kind: "forget", name: string} | {kind: "voi"} | {kind: "reset"}} Answer */

/**
 * @param {Named[]} usual
 * @param {Named[]} own
 * @param {boolean} hasWindow  whether one is set that can be saved
 * @returns {Promise<Answer|null>} null where nothing is to be done
 */
export async function askWindow(usual, own, hasWindow) {
  const dialog = byId("dialog-windows", HTMLDialogElement);
  const list = byId("windows-list", HTMLElement);
  const name = byId("windows-name", HTMLInputElement);
  /** @type {Answer|null} */
  let answer = null;
  /** @param {Answer} given */
  const give = (given) => {
    answer = given;
    dialog.close("done");
  };
  list.replaceChildren(
    entry("Full range", "all values", () => give({ kind: "reset" })),
    entry("VOI window of the file", "", () => give({ kind: "voi" })),
    ...own.map((one) => ownEntry(one, give)),
    ...usual.map(({ name: words, window }) => entry(words, told(window), () => give({ kind: "set", window }))),
  );
  byId("windows-form", HTMLFormElement).hidden = !hasWindow;
  name.value = "";
  byId("windows-form", HTMLFormElement).onsubmit = (event) => {
    event.preventDefault();
    if (name.value.trim()) give({ kind: "save", name: name.value.trim() });
  };
  list.onkeydown = (event) => move(list, event);
  setText(byId("windows-hint", HTMLElement), hasWindow ? "" : "Set a window with the right button, or with Ctrl and the left one over an area, to save it here.");
  const closed = ask(dialog);
  const first = list.querySelector("button");
  if (first instanceof HTMLElement) first.focus();
  await closed;
  return answer;
}

/** @param {import("./levels.js").Window} window */
const told = ({ center, width }) => `${round(center)} / ${round(width)}`;
/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;

/** @param {string} words @param {string} more @param {() => void} work */
function entry(words, more, work) {
  const button = make("button", "window", words);
  button.type = "button";
  button.append(make("span", "hint", more));
  button.addEventListener("click", work);
  return button;
}

/** @param {Named} one @param {(answer: Answer) => void} give */
function ownEntry({ name, window }, give) {
  const row = make("div", "window-own");
  const forget = make("button", "plain", "forget");
  forget.type = "button";
  forget.setAttribute("aria-label", `Forget ${name}`);
  forget.addEventListener("click", () => give({ kind: "forget", name }));
  row.append(entry(name, `${told(window)}, own`, () => give({ kind: "set", window })), forget);
  return row;
}

/** Arrow keys, Home, End and first letters go through the list. @param {HTMLElement} list @param {KeyboardEvent} event */
function move(list, event) {
  const buttons = [...list.querySelectorAll("button")];
  const here = buttons.findIndex((button) => button === document.activeElement);
  const letter = event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey && event.key !== " ";
  const places = /** @type {Record<string, number>} */ ({ ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 });
  const rest = [...buttons.slice(here + 1), ...buttons.slice(0, here + 1)];
  const found = letter
    ? rest.find((button) => button.textContent?.toLowerCase().startsWith(event.key.toLowerCase()))
    : buttons[((places[event.key] ?? -1) + buttons.length) % buttons.length];
  if (!letter && !(event.key in places)) return;
  event.preventDefault();
  event.stopPropagation();
  found?.focus();
}
