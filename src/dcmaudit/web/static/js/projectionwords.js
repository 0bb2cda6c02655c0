/** What is said below a projection: how many planes are in it, what is not, and what can be done with it. */

import { counted } from "./dom.js";

/**
 * @typedef {object} Facts
 * @property {[number, number]} through  planes that are in the picture, and all
 * @property {number} leftOut  planes that could not be read
 * @property {string} limits  what a series may lack
 * @property {string} lone  what to say where there is one plane alone
 * @property {string} small  what its size hides, or what lies over it
 * @property {number} sheet  of the text map, from 0
 * @property {number} sheets
 * @property {number} alone  planes with writing that no sheet shows
 * @property {string} onward  the key that goes to these
 * @property {boolean} isSeries
 * @property {boolean} canMark
 */

/** @param {Facts} facts */
export function footWords(facts) {
  const { through: [through, total], leftOut, limits, lone, small, sheets, alone, isSeries, canMark } = facts;
  const unread = leftOut ? ` ${counted(leftOut, "plane")} could not be read and must be looked at alone.` : "";
  const lacking = [unread, limits, lone].filter(Boolean).map((words) => ` ${words.trim()}`).join("");
  if (through < total) return `${through} of ${counted(total, "plane")} so far. Nothing counts yet.${lacking}`;
  if (sheets > 1 || alone) return `${sheetWords(facts)}${lacking} A glance: no plane counts as seen. ${small}`;
  const go = canMark
    ? "Click: to the plane that shows there. Drag: a rectangle for all of them. Or arrow keys move a cross, Enter goes, Space draws from here."
    : "Click: to the plane that shows there. Or arrow keys move a cross, Enter goes.";
  const what = isSeries ? " of the series (image frames alone; look at overlays and what else there is by themselves)" : "";
  return `${counted(total - leftOut, "plane")}${what} in one picture.${lacking} A glance: what others hide does not show, and no plane counts as seen. ${small || go}`;
}

/** Which sheet of the text map this is, and what is on none. @param {Facts} facts */
function sheetWords({ through: [, total], leftOut, sheet, sheets, alone, onward }) {
  const words = [`${counted(total - leftOut, "plane")} on ${counted(sheets, "sheet")}, this is sheet ${sheet + 1}.`];
  if (sheets > 1) words.push("What lies over other writing is on the sheets behind the first: look at each.");
  if (alone) words.push(`${counted(alone, "plane has", "planes have")} writing that no sheet shows: ${onward} goes there.`);
  return words.join(" ");
}
