/** What is another one on the screen than before: nothing, the plane, or the file. */

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {"same"|"plane"|"file"} Change */

export class PlaneChange {
  /** @param {HTMLElement} root  the stage, which says outside, too, which plane it shows */
  constructor(root) {
    this.root = root;
    /** @type {{file: number|null, series: string|null}} of the plane before */
    this.before = { file: null, series: null };
  }

  /** A state arrives: what it changes. @param {ViewState} state @returns {Change} */
  arrive(state) {
    const name = state.file && state.plane ? `${state.file.file_id}/${state.plane.key}` : "";
    const change = (this.root.dataset.plane ?? "") === name ? "same" : this.#of(state);
    this.root.dataset.plane = name;
    return change;
  }

  /**
   * A series that is walked through as one stack is looked at in one way, so that a window or a zoom stays in it.
   * A file that is still opening has no plane, and changes nothing of that.
   * @param {ViewState} state
   * @returns {Change}
   */
  #of({ file, plane, stack }) {
    if (!file || !plane) return "plane";
    const { before } = this;
    this.remember({ file, plane, stack });
    const isStack = before.series !== null && before.series === this.before.series;
    return before.file === file.file_id || isStack ? "plane" : "file";
  }

  /** @param {Pick<ViewState, "file"|"plane"|"stack">} state */
  remember({ file, plane, stack }) {
    if (file && plane) this.before = { file: file.file_id, series: stack?.series ?? null };
  }
}
