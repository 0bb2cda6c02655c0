/** What the page does by itself: zoom, panes, dialogs, downloads. */

import { argumentsOf, lacking } from "./commands.js";
import { askComment, askNumber, showHelp, showTags } from "./dialogs.js";
import { byId } from "./dom.js";
import { canWindow } from "./levels.js";
import { choose } from "./opener.js";
import { manageCredentials } from "./s3credentials.js";
import { downloadFromS3 } from "./s3download.js";
import { chooseFromS3 } from "./s3open.js";
import { askWindow } from "./windowdialog.js";
import { windowsFor } from "./windows.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("./types.js").Command} Command */
/** @typedef {Exclude<import("./types.js").PageCommand, import("./types.js").OpeningCommand> | "quit"} OwnCommand */

/**
 * What the page does itself, or asks before the server does it.
 * @param {Page} page
 * @returns {Record<OwnCommand, () => unknown>}
 */
export function ownCommands(page) {
  const { camera } = page.stage;
  /** @param {() => void} change */
  const look = (change) => () => {
    change();
    page.stage.moved();
  };
  return {
    help: () => showHelp(page.commands),
    info: () => page.state?.file && showTags(() => page.api.tags(page.state?.file?.file_id ?? 0)),
    grid: () => toggle(page, "grid"),
    projection: () => toggle(page, "projection"),
    series: () => toggle(page, "series"),
    classes: () => toggle(page, "classes"),
    fit: look(() => camera.fit()),
    "actual-size": look(() => camera.actualSize()),
    "zoom-in": look(() => camera.zoom(1)),
    "zoom-out": look(() => camera.zoom(-1)),
    "keep-zoom": look(() => keepZoom(page)),
    "turn-right": look(() => camera.turn(1)),
    "turn-left": look(() => camera.turn(-1)),
    mirror: look(() => camera.mirror()),
    "fold-worklist": () => fold(page, "list"),
    "fold-panel": () => fold(page, "panel"),
    theme: () => page.theme.toggle(),
    find: () => byId("listtext", HTMLInputElement).focus(),
    "go-number": () => goNumber(page),
    "first-plane": () => goBy(page, -Infinity),
    "last-plane": () => goBy(page, Infinity),
    "ten-back": () => goBy(page, -10),
    "ten-on": () => goBy(page, 10),
    bare: () => page.messages.say({ text: `Hold ${page.keyOf("bare")} down: every rectangle is hidden until you let go.`, kind: "info" }),
    magnify: () => page.messages.say({ text: `Hold ${page.keyOf("magnify")} down: the place under the cursor is shown larger.`, kind: "info" }),
    windows: () => chooseWindow(page),
    cine: () => page.cine.toggle(),
    "draw-fan": () => page.draft.begin("fan"),
    "draw-polygon": () => page.draft.begin("polygon"),
    "bind-keys": () => bindKeys(page),
    menu: () => page.menus.focus(),
    comment: () => comment(page),
    "open-s3": () => openS3(page),
    "s3-download": () => downloadFromS3(),
    "s3-credentials": () => manageCredentials(),
    quit: () => quit(page),
    outputs: () => page.outputs.show(),
    "export-rects": () => download(page, "rects.csv"),
    "export-tags": () => download(page, "tags.csv"),
  };
}

/** @param {Page} page */
function keepZoom(page) {
  page.stage.camera.kept = !page.stage.camera.kept;
  page.words();
  page.stage.measure();
}

/** @param {Page} page */
async function chooseWindow(page) {
  const { plane } = page.stage;
  if (!plane || !canWindow(plane)) {
    page.messages.refused({ message: "A window can be set on grey planes of up to 16 bits.", hint: `${page.keyOf("local-contrast")} evens out the contrast of others` });
    return;
  }
  const own = (page.state?.windows ?? []).map(({ name, center, width }) => ({ name, window: { center, width } }));
  const { window } = page.hands;
  const answer = await askWindow(windowsFor(page.state?.file?.modality ?? null, plane), own, window !== null);
  switch (answer?.kind) {
    case "set":
      page.hands.set(answer.window);
      return;
    case "save":
      if (window) await page.act("save-window", { name: answer.name, center: window.center, width: window.width });
      return;
    case "forget":
      await page.act("forget-window", { name: answer.name });
      return;
    case "voi":
      await page.act("rendering", { value: "voi" });
      return;
    case "reset":
      page.hands.reset();
      await page.act("rendering", { value: "full" });
      return;
  }
}

/** @param {Page} page */
async function bindKeys(page) {
  const own = await page.keyDialog.open(page.state?.bindings ?? {});
  if (own) await page.act("set-keys", { keys: own });
}

/** @param {Page} page @param {"grid"|"projection"|"series"|"classes"} kind */
function toggle(page, kind) {
  if (page.overview.kind === kind) page.overview.close();
  else page.overview.open(kind);
}

/** @param {Page} page @param {"list"|"panel"} pane */
function fold(page, pane) {
  const workspace = byId("workspace", HTMLElement);
  workspace.dataset[pane] = workspace.dataset[pane] === "no" ? "yes" : "no";
  if (document.activeElement === document.body) page.stage.root.focus({ preventScroll: true });
}

/** @param {Page} page @param {number} steps */
function goBy(page, steps) {
  const { file, plane } = page.state ?? {};
  if (!file?.planes || !plane) return;
  const index = Math.min(file.planes - 1, Math.max(0, plane.index + steps));
  if (index !== plane.index) void page.act("go-plane", { index });
}

/** @param {Page} page */
async function goNumber(page) {
  const { file, plane } = page.state ?? {};
  if (!file?.planes) return;
  const number = await askNumber(file.planes, plane?.number ?? 1);
  if (number !== null) await page.act("go-plane", { index: number - 1 });
}

/** @param {Page} page */
async function comment(page) {
  if (!page.state?.file) return;
  const text = await askComment(page.state.file.comment, lacking(page.state.file));
  if (text !== null) await page.act("comment", { text });
}

/** @param {Page} page @param {Command} command */
export async function openDialog(page, command) {
  const name = page.state?.file?.name ?? "";
  if (!command.dialog) return;
  const choice = await choose(command.dialog, name.startsWith("/") ? name.slice(0, name.lastIndexOf("/")) || "/" : "");
  if (!choice) return;
  await page.act(command.name, argumentsOf(command, choice));
  page.stage.root.focus({ preventScroll: true });
}

/** @param {Page} page */
async function openS3(page) {
  const name = await chooseFromS3();
  if (name === null) return;
  await page.act("open-files", { names: [name] });
  page.stage.root.focus({ preventScroll: true });
}

/** @param {Page} page */
async function quit(page) {
  if (!(await page.act("quit"))) return;
  page.scheduler.over = true;
  page.scheduler.lost = true;
  page.statusLine.lost("quit");
}

/** @param {Page} page @param {string} name */
function download(page, name) {
  const link = document.createElement("a");
  link.href = `${page.api.base}/export/${name}`;
  link.download = name;
  link.click();
}
