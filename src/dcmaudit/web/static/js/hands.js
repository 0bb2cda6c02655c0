/** What a hand does to a plane without the server: a window of one's own, and the value under the cursor. */

import { byId, setText } from "./dom.js";
import { canWindow, valueAt } from "./levels.js";
import { windowOf } from "./windows.js";

/** @typedef {import("./levels.js").Window} Window */
/** @typedef {import("./levels.js").Made} Made */

/** CSS pixels in which a drag goes through the range of the plane. */
const WAY = 500;

export class Hands {
  /**
   * @param {import("./stage.js").Stage} stage
   * @param {() => import("./levels.js").View} view  how the plane is looked at, with the window that is set here
   * @param {() => void} changed
   */
  constructor(stage, view, changed) {
    this.stage = stage;
    this.view = view;
    this.changed = changed;
    /** @type {Window|null} */
    this.window = null;
    /** @type {Window|null} where the drag began */
    this.before = null;
    /** @type {[number, number]|null} where the cursor is, a pixel of the plane */
    this.at = null;
    this.line = byId("statusvalue", HTMLElement);
  }

  /** What is said of it above the stage, once the hand has let go. */
  get words() {
    return this.window && !this.before ? `Own window ${rounded(this.window.center)} / ${rounded(this.window.width)}` : "";
  }

  /**
   * To the right wider, down brighter.
   * @param {number} dx
   * @param {number} dy
   * @param {boolean} done
   */
  drag(dx, dy, done) {
    const { plane } = this.stage;
    if (!plane || !canWindow(plane)) return;
    const range = rangeOf(plane);
    this.before ??= this.window ?? range;
    const step = range.width / WAY;
    this.window = {
      center: this.before.center - dy * step,
      width: Math.max(1, this.before.width + dx * step),
    };
    if (done) this.before = null;
    this.stage.look(this.view(), !done);
    if (done) this.changed();
  }

  /** Set a window at once. @param {Window} window */
  set(window) {
    const { plane } = this.stage;
    if (!plane || !canWindow(plane)) return;
    this.window = window;
    this.before = null;
    this.stage.look(this.view(), false);
    this.changed();
  }

  /** The window of what lies in a part of the plane. @param {import("./types.js").Edges} box @returns {boolean} whether there is one */
  setTo(box) {
    const { plane } = this.stage;
    const window = plane && canWindow(plane) ? windowOf(plane, box) : null;
    if (window) this.set(window);
    return window !== null;
  }

  /** Back to what the file or the full range shows. @returns {boolean} whether a window was set */
  reset() {
    if (!this.window) return false;
    this.window = null;
    this.before = null;
    this.stage.look(this.view(), false);
    this.changed();
    return true;
  }

  /** Place and value in the status line, of the plane that is on the stage now. @param {[number, number]|null} [at]  a pixel of the plane */
  tell(at = this.at) {
    this.at = at;
    const { plane } = this.stage;
    const values = plane && at ? valueAt(plane, ...at) : null;
    setText(this.line, plane && at && values ? `${at[0]}, ${at[1]}: ${told(plane, values)}` : "");
  }
}

/** The window that holds every value of the plane, in the units of windows. @param {Made} plane @returns {Window} */
function rangeOf({ first, views, scale }) {
  const [slope, intercept] = scale ?? [1, 0];
  const last = first + Math.max(1, views["full"]?.entries ?? 1) - 1;
  const ends = [first * slope + intercept, last * slope + intercept];
  return { center: (Math.min(...ends) + Math.max(...ends)) / 2, width: Math.max(1, Math.abs(last - first) * Math.abs(slope) + 1) };
}

/** @param {Made} plane @param {number[]} values */
export function told({ stored, scale, unit }, values) {
  const [value = 0] = values;
  if (values.length === 3) return `RGB ${values.join(" ")}`;
  if (!stored) return `level ${value}`;
  const [slope, intercept] = scale ?? [1, 0];
  const isSame = slope === 1 && intercept === 0;
  if (unit) return isSame ? `value ${value} ${unit}` : `value ${value} (${rounded(value * slope + intercept)} ${unit})`;
  return isSame ? `value ${value}` : `value ${value} (${rounded(value * slope + intercept)})`;
}

/** @param {number} number */
const rounded = (number) => String(Math.round(number * 10) / 10);
