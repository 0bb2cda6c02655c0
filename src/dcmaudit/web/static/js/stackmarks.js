/** What is black on all planes that a projection is of: the marks of the open plane, or those that a series has in common. */

/** @typedef {import("./types.js").ViewState} ViewState */
/** @typedef {Pick<import("./types.js").RectState, "box"|"shape">} Mark */

/**
 * @typedef {object} MarksHost
 * @property {import("./api.js").Api} api
 * @property {number} file
 * @property {boolean} isSeries
 * @property {() => boolean} isShown
 * @property {AbortSignal} signal
 * @property {(marks: Mark[]) => void} show
 */

export class StackMarks {
  /** @param {MarksHost} host */
  constructor(host) {
    this.host = host;
    /** What was known of the database when the marks were asked for last. */
    this.known = "";
    this.asking = false;
    this.again = false;
  }

  /**
   * Marks for all frames are outlined on the projection, too. They hide nothing there, for what lies below them counts
   * as shown, and may be of planes that lose the mark later.
   * @param {ViewState} state
   */
  update({ rects, database, can }) {
    if (!this.host.isSeries) {
      this.host.show(rects.filter(({ box, applied, stored, scope }) => box && applied && stored && scope.startsWith("all ")));
      return;
    }
    const known = `${database.changes}|${can.undo}|${can.redo}`;
    if (known !== this.known) void this.renew();
    this.known = known;
  }

  /** Ask for those of a series, once more where somebody marks or more planes come in meanwhile. */
  async renew() {
    const { host } = this;
    if (!host.isSeries) return;
    this.again = this.asking;
    if (this.asking) return;
    this.asking = true;
    try {
      const { marks } = await host.api.stackMarks(host.file, host.signal);
      if (host.isShown()) host.show(marks);
    } catch {
      // What is wrong with the series, the picture says. Marks that are gone must not stay on it.
      if (host.isShown()) host.show([]);
    } finally {
      this.asking = false;
    }
    if (this.again && host.isShown()) await this.renew();
  }
}
