/** Where the ticks of the strip of planes lie: nothing here touches the page. */

import { clamp } from "./rectangle.js";

/** @typedef {import("./types.js").GroupState} GroupState */
/** A run of planes on the strip, in CSS pixels; `step` from one plane to the next. @typedef {{group: GroupState, left: number, width: number, step: number}} Lane */

export const GAP = 10;
const LEAST = 26;
/** As much as the first words of a label want, and the share of the strip that may be kept free for them. */
const WORDS = 84;
const SHARE = 0.4;
/** A tick wider than this says no more; a label wants about so much. */
const TICK = 24;
const LABEL = 150;

/**
 * Groups with few planes get what they want where there is room for all; else the room is shared by number.
 * @param {GroupState[]} groups
 * @param {number} width
 * @returns {Lane[]}
 */
export function lanesOf(groups, width) {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const gaps = GAP * Math.max(0, groups.length - 1);
  const roomy = Math.min(WORDS, ((width - gaps) * SHARE) / Math.max(1, groups.length));
  const least = Math.min(Math.max(LEAST, roomy), (width - gaps) / Math.max(1, groups.length));
  const room = width - gaps - least * groups.length;
  const wanted = groups.map((group) => Math.max(LABEL, group.count * TICK));
  const fits = wanted.reduce((sum, each) => sum + each, gaps) <= width;
  let left = 0;
  return groups.map((group, place) => {
    const shared = least + (room * group.count) / Math.max(1, count);
    const lane = { group, left, width: fits ? (wanted[place] ?? shared) : shared, step: 0 };
    lane.step = Math.min(TICK, lane.width / group.count);
    left += lane.width + GAP;
    return lane;
  });
}

/** The index in the file of the plane at `x`; -1 where there is none. @param {Lane[]} lanes @param {number} x */
export function indexAt(lanes, x) {
  const lane = lanes.findLast(({ left }) => left <= x) ?? lanes[0];
  if (!lane) return -1;
  return lane.group.start + clamp(Math.floor((x - lane.left) / lane.step), 0, lane.group.count - 1);
}
