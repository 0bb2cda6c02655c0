/** The first plane of every group of every file of the open file's series, for finding the way. */

import { counted, isStillAt, make, printable, setText, stamp, symbol, within } from "./dom.js";

/**
 * @typedef {object} SeriesHost
 * @property {import("./api.js").Api} api
 * @property {number} file  the open one
 * @property {() => boolean} isShown
 * @property {AbortSignal} signal
 * @property {(file: number, key: string) => void} goFile
 */

export class SeriesSheet {
  /** @param {SeriesHost} host @param {HTMLElement} body @param {HTMLElement} foot */
  constructor(host, body, foot) {
    this.host = host;
    this.body = body;
    this.foot = foot;
  }

  /** Every file of the series. No plane counts as seen by these small pictures. */
  async load() {
    const { body, foot, host: { api, isShown, signal } } = this;
    setText(foot, "Looking for the files of this series…");
    let failed = 0;
    let files = 0;
    let planes = 0;
    try {
      for (let start = /** @type {number|null} */ (0); start !== null; ) {
        const part = await api.series(start, signal);
        if (!isShown()) return;
        failed += part.failed;
        for (const file of part.files) body.append(...file.groups.map((group, place) => this.#fileCell(file, group, place)));
        files += part.files.length;
        planes += part.files.reduce((sum, each) => sum + each.planes, 0);
        start = part.next;
        const found = `${counted(files, "file")} with ${counted(planes, "plane")}`;
        const lacking = failed ? ` ${counted(failed, "file")} of the list could not be opened and may belong to it.` : "";
        const far = start === null ? "" : ` Looked through ${start} of ${part.total}…`;
        setText(foot, `${found} of this series.${far}${lacking} A click opens the file; none of it counts as seen here.`);
      }
      // Whoever walks among the first ones already stays there.
      if (isStillAt(body)) this.#focusHere();
    } catch (error) {
      if (isShown()) setText(foot, error instanceof Error ? error.message : "");
    }
  }

  /**
   * One cell a group of planes: what lies behind its first plane is said in words.
   * @param {import("./types.js").SeriesFile} file
   * @param {import("./types.js").SeriesGroup} group
   * @param {number} number
   */
  #fileCell(file, group, number) {
    const cell = stamp("t-cell");
    const place = within(cell, ".cell-picture", HTMLElement);
    cell.setAttribute("aria-current", String(file.file_id === this.host.file && number === 0));
    const name = printable(file.name.split("/").at(-1) ?? "");
    const what = group.count > 1 ? `${group.title} (${group.count})` : group.title;
    const isAll = file.groups.length === 1 && group.count === 1;
    setText(within(cell, ".cell-title", HTMLElement), isAll ? name : `${what} · ${name}`);
    const bits = file.unscanned_bits ? ", not searched for hidden planes yet" : "";
    cell.title = `${printable(file.name)}\n${file.state}, ${counted(file.planes, "plane")}${bits}\n${group.reason ?? `${group.title}, ${counted(group.count, "plane")}`}`;
    cell.dataset.more = group.count > 1 ? "yes" : "no";
    if (!group.shown) place.append(symbol("sign-no-image", "sign"));
    else {
      const image = make("img", "");
      image.alt = "";
      image.loading = "lazy";
      image.addEventListener("error", () => place.replaceChildren(symbol("sign-no-image", "sign")));
      image.src = this.host.api.thumb(file.file_id, group.key);
      place.append(image);
    }
    cell.addEventListener("click", () => this.host.goFile(file.file_id, group.key));
    return cell;
  }

  #focusHere() {
    const { body } = this;
    const here = body.querySelector('[aria-current="true"]') ?? body.firstElementChild;
    if (here instanceof HTMLElement) here.focus();
  }

  /** Arrow keys walk through the cells as they lie. @param {KeyboardEvent} event */
  key(event) {
    const cells = [...this.body.querySelectorAll(".cell")];
    const place = cells.findIndex((cell) => cell === document.activeElement);
    if (place < 0) return;
    const first = cells[0]?.getBoundingClientRect().top;
    const columns = Math.max(1, cells.findIndex((cell) => cell.getBoundingClientRect().top !== first));
    const steps = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns });
    const to = cells[place + (steps[event.key] ?? 0)];
    if (steps[event.key] === undefined || !(to instanceof HTMLElement)) return;
    event.preventDefault();
    event.stopPropagation();
    to.focus();
  }
}
