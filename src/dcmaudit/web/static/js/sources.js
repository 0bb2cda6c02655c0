/** Who proposed a rectangle: its name, colour and dash. Colour-blind people tell them apart by the dash. */

/** @typedef {{name: string, title: string, colour: string, dash: number[]}} Source */

/** @type {Source[]} in the order of the legend */
export const SOURCES = [
  { name: "stored", title: "stored", colour: "#FFFFFF", dash: [] },
  { name: "similar", title: "similar image", colour: "#E69F00", dash: [10, 4] },
  { name: "rules", title: "deid rules", colour: "#009E73", dash: [3, 3] },
  { name: "ultrasound", title: "ultrasound", colour: "#F0E442", dash: [14, 4, 2, 4] },
  { name: "ocr", title: "OCR", colour: "#56B4E9", dash: [6, 6] },
  { name: "learned", title: "learned", colour: "#CC79A7", dash: [2, 3, 8, 3] },
];

/** The handled rectangle. */
export const ACCENT = "#FF6F91";

/** The dash of what is not worth applying: a suggestion over nothing, or what OCR did not take for text. Such boxes have no cross. */
export const FAINT = [2, 4];

/** Around what the page was led to. */
export const POINTED = "#A6FF3D";
/** What an area is called that rules show black and that is no mark. */
export const PREVIEW = "preview, not stored";

/** What is stored and stays to be seen: the policy of a release keeps it. */
export const KEPT = "kept by the policy";

const UNKNOWN = /** @type {Source} */ ({ name: "other", title: "other", colour: "#B8BEC4", dash: [4, 2] });

const STEMS = ["stored", "similar", "rule", "ultrasound", "ocr", "learned"];

/**
 * @param {string} source  as the server names it ("stored", "similar image", "deid rule", "OCR" ...)
 * @returns {Source}
 */
export function sourceOf(source) {
  const name = source.toLowerCase();
  const place = name === "reviewer" ? 0 : STEMS.findIndex((stem) => name.includes(stem));
  return SOURCES[place] ?? UNKNOWN;
}

const VERDICTS = /** @type {Record<string, string>} */ ({ identifying: "likely identifies a person", harmless: "judged harmless", unknown: "not judged: treat it as identifying" });

/**
 * How sure a rectangle is, and what its text was judged to be; empty where nothing was read.
 * @param {import("./types.js").RectState} rect
 */
export function judged(rect) {
  const parts = [];
  if (typeof rect.confidence === "number") parts.push(`${Math.round(rect.confidence * 100)} % sure`);
  if (rect.text) parts.push(VERDICTS[rect.verdict] ?? rect.verdict);
  return parts.join(" · ");
}

/**
 * A small sample of the line, for the legend and the list.
 * @param {Source} source
 * @param {boolean} crossed
 * @param {boolean} [faint]  over nothing, or not taken for text
 * @param {boolean} [hatched]  a preview
 * @param {boolean} [outlined]  kept: neither crossed nor black
 * @returns {SVGSVGElement}
 */
export function sample(source, crossed, faint = false, hatched = false, outlined = false) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 22 14");
  svg.setAttribute("class", `swatch ${crossed ? "crossed" : "filled"}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  const lines = hatched ? " M7 1L1 7 M13 1L3 11 M19 1L7 13 M21 5L13 13" : "";
  path.setAttribute("d", lines ? `M1 1H21V13H1Z${lines}` : crossed && !faint && !outlined ? "M1 1H21V13H1Z M1 1L21 13 M21 1L1 13" : "M1 1H21V13H1Z");
  path.setAttribute("fill", crossed || faint || outlined ? "none" : "#000");
  path.setAttribute("stroke", source.colour);
  path.setAttribute("stroke-width", "1.5");
  path.setAttribute("stroke-dasharray", (faint ? FAINT : source.dash).map((part) => part / 2).join(" "));
  if (faint) path.setAttribute("opacity", "0.6");
  svg.append(path);
  return svg;
}

/**
 * Everything known about a rectangle, in one sentence or two; hovering shows it and screen readers say it.
 * @param {import("./types.js").RectState} rect
 */
export function explain(rect) {
  const what = rect.kept ? `${KEPT}: a release leaves this ${rect.kept} to be seen` : rect.preview ? `${PREVIEW}; shown black` : rect.applied ? "redacted" : rect.rejected ? "looked at and not taken for text" : "suggested";
  const shape = rect.shape ? ` (${rect.shape.title})` : "";
  const parts = [`${sourceOf(rect.source).title}${shape}, ${what} on ${rect.scope}.`];
  if (rect.reason) parts.push(rect.reason.endsWith(".") ? rect.reason : `${rect.reason}.`);
  if (rect.text) parts.push(`Text: “${rect.text}”.`);
  if (typeof rect.confidence === "number") parts.push(`${Math.round(rect.confidence * 100)} % sure.`);
  if (rect.verdict === "identifying") parts.push("Likely identifies a person.");
  if (rect.verdict === "harmless") parts.push("Judged harmless.");
  if (rect.who) parts.push(`By ${rect.who}${rect.when ? `, ${rect.when}` : ""}.`);
  return parts.join(" ");
}
