/** The picture of a state: waited for, given up where somebody goes on, fetched ahead for what is likely wanted next. */

import { Refusal } from "./asking.js";

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {{plane: import("./levels.js").Made|null, trouble: import("./types.js").Trouble|null}} Picture */

/** A wait that is shorter than this is not worth a word. */
export const SLOW = 150;

export class Pictures {
  /** @param {Pick<import("./scheduler.js").Parts, "api"|"planes"|"view"|"busy">} parts */
  constructor(parts) {
    this.parts = parts;
    /** Gives up the picture that is waited for. */
    this.leave = () => {};
  }

  /**
   * The decoded picture, or why there is none; null where the reviewer went on without waiting for it.
   * @param {ViewState} state
   * @returns {Promise<Picture|null>}
   */
  async of(state) {
    const { file, plane } = state;
    if (!file || !plane || plane.error || !plane.image) {
      return { plane: null, trouble: file?.error ?? plane?.error ?? null };
    }
    const { planes } = this.parts;
    const view = this.parts.view(state);
    const kept = planes.peek(plane.image, view);
    if (kept) return { plane: kept, trouble: null };
    planes.abandonOthers(plane.image);
    const slow = setTimeout(() => this.parts.busy(`Loading ${plane.title}…`), SLOW);
    try {
      /** @type {Promise<null>} */
      const left = new Promise((resolve) => (this.leave = () => resolve(null)));
      const made = await Promise.race([planes.get(plane.image, `${file.file_id}/${plane.key}`, view), left]);
      return made && { plane: made, trouble: null };
    } catch (error) {
      if (error instanceof Refusal && error.status !== 401 && error.status !== 403) {
        return { plane: null, trouble: { message: error.message, hint: error.hint } };
      }
      if (error instanceof DOMException) {
        const message = "The picture that the server sent cannot be read by this browser.";
        return { plane: null, trouble: { message, hint: "Look at the plane in another program before calling it clean." } };
      }
      throw error;
    } finally {
      clearTimeout(slow);
      this.parts.busy(null);
      this.leave = () => {};
    }
  }

  /**
   * The pictures that the server expects to be wanted next, in the rendering that is shown.
   * @param {ViewState} state
   * @returns {{url: string, plane: string}[]}
   */
  #ahead(state) {
    const image = state.plane?.image;
    if (!image || !state.file) return [];
    const query = image.slice(image.indexOf("?"));
    return state.prefetch.map(([file, key]) => ({
      url: `${this.parts.api.base}/plane/${file}/${key}${image.includes("?") ? query : ""}`,
      plane: `${file}/${key}`,
    }));
  }

  /** Fetch what comes next. @param {ViewState} state */
  prefetch(state) {
    this.parts.planes.prefetch(this.#ahead(state), this.parts.view(state));
  }
}
