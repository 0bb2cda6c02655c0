/** The small dialogs: tags, help, comment, question. Each gives the focus back to where it was. */

import { byId, counted, make, setText, symbol } from "./dom.js";
import { keyLabel } from "./keys.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").TagRow} TagRow */

/**
 * Open a dialog and wait until it is closed.
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<string>} the value of the button that closed it, "" for Esc
 */
export function ask(dialog) {
  const before = document.activeElement;
  dialog.returnValue = "";
  // Behind the dialog it is gone for a screen reader, and would be said again once it is back.
  setText(byId("spoken", HTMLElement), "");
  dialog.showModal();
  dialog.onkeydown = (event) => {
    // a search field would take the first Esc for itself, to empty itself
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    dialog.close("");
  };
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        const to = before instanceof HTMLElement && before !== document.body ? before : document.getElementById("stage");
        to?.focus({ preventScroll: true });
        resolve(dialog.returnValue);
      },
      { once: true },
    );
  });
}

/**
 * Show only the rows that hold every word of the text.
 * @param {HTMLTableSectionElement} body
 * @param {string} text
 * @returns {number} rows shown
 */
function filterRows(body, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of body.rows) {
    const hay = row.dataset.search ?? "";
    row.hidden = !words.every((word) => hay.includes(word)) || (words.length > 0 && row.classList.contains("section"));
    if (!row.hidden && !row.classList.contains("section")) shown += 1;
  }
  return shown;
}

/**
 * A table row of text cells.
 * @param {string[]} cells
 */
function textRow(cells) {
  const row = document.createElement("tr");
  for (const cell of cells) row.append(make("td", "", cell));
  row.dataset.search = cells.join(" ").toLowerCase();
  return row;
}

/**
 * The keys and commands, made from the table.
 * @param {Command[]} commands
 */
export async function showHelp(commands) {
  const dialog = byId("dialog-help", HTMLDialogElement);
  const body = byId("help-rows", HTMLTableSectionElement);
  const filter = byId("help-filter", HTMLInputElement);
  body.replaceChildren();
  fillHelp(body, commands);
  filter.value = "";
  filterRows(body, "");
  filter.oninput = () => filterRows(body, filter.value);
  await ask(dialog);
}

/** @param {HTMLTableSectionElement} body @param {Command[]} commands */
function fillHelp(body, commands) {
  let menu = "";
  for (const command of commands) {
    if (!command.menu) continue;
    if (command.menu !== menu) {
      const section = body.insertRow();
      section.className = "section";
      section.dataset.search = "";
      const cell = section.insertCell();
      cell.colSpan = 3;
      cell.textContent = command.menu;
      menu = command.menu;
    }
    const labels = command.keys.map(keyLabel);
    const row = textRow(["", command.label, command.help]);
    row.dataset.search = [labels.join(" "), command.label, command.help, command.menu].join(" ").toLowerCase();
    row.cells[0]?.append(...labels.map((label) => make("kbd", "", label)));
    body.append(row);
  }
}

/**
 * The tags of a file; selected text can be copied, and so can all rows that are shown.
 * @param {() => Promise<{rows: TagRow[]}>} load
 */
export async function showTags(load) {
  const dialog = byId("dialog-tags", HTMLDialogElement);
  const body = byId("tags-rows", HTMLTableSectionElement);
  const filter = byId("tags-filter", HTMLInputElement);
  const count = byId("tags-count", HTMLElement);
  filter.value = "";
  body.replaceChildren();
  setText(count, "Reading…");
  const closed = ask(dialog);
  try {
    const { rows } = await load();
    for (const each of rows) {
      const row = textRow([each.tag, each.name, each.vr, each.value]);
      const name = row.cells[1];
      const tag = row.cells[0];
      if (tag) tag.style.paddingLeft = `${8 + each.depth * 16}px`;
      if (name && each.depth) name.style.paddingLeft = `${8 + each.depth * 16}px`;
      body.append(row);
    }
    setText(count, counted(rows.length, "element"));
    filter.oninput = () => setText(count, `${filterRows(body, filter.value)} of ${counted(rows.length, "element")}`);
  } catch (error) {
    setText(count, error instanceof Error ? error.message : String(error));
  }
  byId("tags-copy", HTMLButtonElement).onclick = () => copyRows(body, count);
  await closed;
  // values of a person do not stay in the page longer than they are looked at
  body.replaceChildren();
}

/** @param {HTMLTableSectionElement} body @param {HTMLElement} told */
async function copyRows(body, told) {
  const chosen = String(document.getSelection() ?? "");
  const rows = [...body.rows].filter((row) => !row.hidden);
  const text = chosen || rows.map((row) => [...row.cells].map((cell) => cell.textContent).join("\t")).join("\n");
  try {
    await navigator.clipboard.writeText(text);
    setText(told, chosen ? "Selection copied." : `${counted(rows.length, "row")} copied.`);
  } catch {
    setText(told, "The browser did not allow copying; select the text and press Ctrl+C.");
  }
}

/**
 * @param {string} text  the comment there is
 * @param {string} lacking  what was not seen of the file
 * @returns {Promise<string|null>} the new comment, null where nothing is to be done
 */
export async function askComment(text, lacking) {
  setText(byId("comment-lacking", HTMLElement), lacking);
  const field = byId("comment-text", HTMLTextAreaElement);
  const form = byId("comment-form", HTMLFormElement);
  field.value = text;
  field.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit(byId("comment-save", HTMLButtonElement));
  };
  const answer = ask(byId("dialog-comment", HTMLDialogElement));
  field.select();
  return (await answer) === "save" ? field.value.trim() : null;
}

/**
 * The number of a plane, from 1.
 * @param {number} most
 * @param {number} now
 * @returns {Promise<number|null>} null where nothing is to be done
 */
export async function askNumber(most, now) {
  const field = byId("number-field", HTMLInputElement);
  field.max = String(most);
  field.value = String(now);
  setText(byId("number-most", HTMLElement), `of ${most}`);
  const answer = ask(byId("dialog-number", HTMLDialogElement));
  field.select();
  return (await answer) === "go" ? field.valueAsNumber : null;
}

/**
 * @param {import("./types.js").QuestionState} question
 * @returns {Promise<"yes"|"other"|"">}
 */
export async function askQuestion(question) {
  setText(byId("question-text", HTMLElement), question.text);
  byId("question-yes", HTMLButtonElement).textContent = question.yes;
  byId("question-no", HTMLButtonElement).textContent = question.no;
  const other = byId("question-other", HTMLButtonElement);
  other.hidden = !question.other;
  other.textContent = question.other ?? "";
  const answer = ask(byId("dialog-question", HTMLDialogElement));
  byId("question-no", HTMLButtonElement).focus();
  const given = await answer;
  return given === "yes" || given === "other" ? given : "";
}

/**
 * An entry of a list that says something went wrong.
 * @param {string} text
 */
export function problemItem(text) {
  const item = make("li", "");
  item.append(symbol("sign-problem"), make("span", "", text));
  return item;
}
