/** The addresses of the server, and what comes from each. One document id a tab. */

import { ask, parsed, post, Refusal, whole } from "./asking.js";
import { claim, keep, recall } from "./tab.js";

/** @typedef {{rendering: string, text: string}} Remark  how a plane is really shown, and why */
/** @typedef {import("./types.js").Painted} Painted */
/** @typedef {{command: string, args: Record<string, unknown>}} Asked */

/** The server as one tab sees it. */
export class Api {
  /** @param {string} doc @param {boolean} [isNew]  whether the server does not know yet where this tab was */
  constructor(doc, isNew = false) {
    this.doc = doc;
    this.isNew = isNew;
    this.base = `/api/d/${doc}`;
  }

  /** The session that this tab had before it was loaded anew, or a new one. */
  static async open() {
    const kept = recall("document");
    if (typeof kept === "string" && (await claim(kept)) && (await Api.#isThere(kept))) return new Api(kept);
    const doc = String((await post("/api/documents", {})).doc);
    keep("document", doc);
    await claim(doc);
    return new Api(doc, true);
  }

  /** @param {string} doc @returns {Promise<boolean>} */
  static async #isThere(doc) {
    try {
      await ask(`/api/d/${doc}/state`);
      return true;
    } catch (error) {
      if (error instanceof Refusal && error.status === 409) return false;
      throw error;
    }
  }

  /** @returns {Promise<import("./types.js").Command[]>} */
  static async commands() {
    return parsed(await ask("/api/commands"));
  }

  /**
   * @param {string} path
   * @returns {Promise<import("./types.js").Listing>}
   */
  static async browse(path) {
    return parsed(await ask(`/api/browse?path=${encodeURIComponent(path)}`));
  }

  /**
   * @param {{after: number, wait: number}|null} poll
   * @param {AbortSignal} [signal]
   * @returns {Promise<import("./types.js").ViewState>}
   */
  async state(poll, signal) {
    const query = poll ? `?after=${poll.after}&wait=${poll.wait}` : "";
    const response = await ask(`${this.base}/state${query}`, signal ? { signal } : {});
    return parsed(response);
  }

  /**
   * A last word while the tab is being closed: nobody waits for an answer.
   * @param {Painted[]} painted
   * @param {Asked|null} unsent  a command that nobody told the server yet
   */
  farewell(painted, unsent) {
    const last = unsent ?? { command: "seen", args: { file_id: painted.at(-1)?.file_id } };
    const body = { ...last, painted };
    post(`${this.base}/do`, body, true).catch(() => {
      // the tab is gone
    });
  }

  /**
   * @param {string} command
   * @param {Record<string, unknown>} args
   * @param {Painted[]} painted
   * @returns {Promise<import("./types.js").ViewState>}
   */
  async act(command, args, painted) {
    return post(`${this.base}/do`, { command, args, painted });
  }

  /**
   * @param {number} start
   * @param {number} count
   * @param {string} status
   * @param {string} text
   * @returns {Promise<{total: number, growing: boolean, rows: import("./types.js").WorklistRow[]}>}
   */
  async worklist(start, count, status, text) {
    const query = new URLSearchParams({ start: String(start), count: String(count), status, text });
    return parsed(await ask(`${this.base}/worklist?${query}`));
  }

  /**
   * @param {number} file
   * @returns {Promise<{rows: import("./types.js").TagRow[]}>}
   */
  async tags(file) {
    return parsed(await ask(`${this.base}/tags/${file}`));
  }

  /**
   * @param {number} file
   * @param {number} start
   * @param {number} count
   * @param {AbortSignal} signal
   * @returns {Promise<{total: number, planes: import("./types.js").PlaneEntry[]}>}
   */
  async planes(file, start, count, signal) {
    return parsed(await ask(`${this.base}/planes/${file}?start=${start}&count=${count}`, { signal }));
  }

  /**
   * @param {number} start
   * @param {AbortSignal} signal
   * @returns {Promise<{files: import("./types.js").SeriesFile[], next: number|null, total: number, failed: number}>}
   */
  async series(start, signal) {
    return parsed(await ask(`${this.base}/series?start=${start}&count=50`, { signal }));
  }

  /**
   * @param {number} file
   * @param {string} key
   * @param {160|320|640} [edge]  how long its longer side is at most, in pixels
   * @param {boolean} [isGuess]  whether the file may have no such plane, which is no fault then
   */
  thumb(file, key, edge = 160, isGuess = false) {
    const asked = [edge === 160 ? "" : `edge=${edge}`, isGuess ? "guess=1" : ""].filter(Boolean).join("&");
    return `${this.base}/thumb/${file}/${key}${asked && `?${asked}`}`;
  }

  /**
   * @param {number} start
   * @param {number} count
   * @param {AbortSignal} signal
   * @returns {Promise<import("./types.js").ClassList>}
   */
  async classes(start, count, signal) {
    return parsed(await ask(`${this.base}/classes?start=${start}&count=${count}`, { signal }));
  }

  /** The files of a class. @param {number} number @param {AbortSignal} signal @returns {Promise<import("./types.js").ClassFiles>} */
  async classFiles(number, signal) {
    return parsed(await ask(`${this.base}/class/${number}/files`, { signal }));
  }

  /** The files that the list shows. @param {AbortSignal} signal @returns {Promise<import("./types.js").ClassFiles>} */
  async allFiles(signal) {
    return parsed(await ask(`${this.base}/files`, { signal }));
  }

  /** @param {number[]} ids @param {AbortSignal} signal @returns {Promise<{rows: import("./types.js").TileRow[]}>} */
  async tiles(ids, signal) {
    return parsed(await ask(`${this.base}/tiles?ids=${ids.join(",")}`, { signal }));
  }

  /** A picture of all files of a class. @param {number} number @param {string} kind */
  spread(number, kind) {
    return `${this.base}/class/${number}/spread?kind=${kind}`;
  }

  /**
   * @param {number} file
   * @param {number|"series"} group
   * @param {string} how
   * @param {number} after  planes that a picture is there of already
   * @param {number} sheet  of the text map, from 0
   */
  projection(file, group, how, after, sheet) {
    return `${this.base}/projection/${file}/${group}?how=${how}&after=${after}&sheet=${sheet}`;
  }

  /**
   * Files that were redacted from the page, newest first.
   * @param {number} start
   * @param {number} count
   * @returns {Promise<{total: number, rows: import("./types.js").OutputRow[]}>}
   */
  async outputs(start, count) {
    return parsed(await ask(`${this.base}/outputs?start=${start}&count=${count}`));
  }

  /**
   * @param {number} output
   * @param {number} start
   * @param {number} count
   * @returns {Promise<{total: number, planes: import("./types.js").OutputPlane[]}>}
   */
  async outputPlanes(output, start, count) {
    return parsed(await ask(`${this.base}/output/${output}/planes?start=${start}&count=${count}`));
  }

  /**
   * A plane before, with the same one after below it; `note` says why there is no lower half.
   * @param {number} output
   * @param {string} key
   * @param {string} rendering
   * @param {AbortSignal} signal
   * @returns {Promise<{blob: Blob, note: string}>}
   */
  async pair(output, key, rendering, signal) {
    const response = await ask(`${this.base}/output/${output}/pair/${key}?rendering=${rendering}`, { signal });
    const sent = response.headers.get("X-Plane");
    if (sent !== `${output}/${key}`) throw new Refusal("The server sent another plane than was asked for.", null, 500);
    return { blob: await whole(response.blob()), note: decodeURIComponent(response.headers.get("X-Note") ?? "") };
  }

  /**
   * The place and title of the plane that a projection shows at a pixel.
   * @param {number} file
   * @param {number|"series"} group
   * @param {string} how
   * @param {number} x
   * @param {number} y
   * @param {number} sheet  of the text map, from 0
   * @param {AbortSignal} signal
   * @returns {Promise<{index: number|null, file_id: number, key: string, title: string}>}
   */
  async drill(file, group, how, x, y, sheet, signal) {
    return parsed(await ask(`${this.base}/drill/${file}/${group}?how=${how}&x=${x}&y=${y}&sheet=${sheet}`, { signal }));
  }

  /** What is black on every frame of the series that is projected. @param {number} file @param {AbortSignal} signal @returns {Promise<import("./types.js").StackMarks>} */
  async stackMarks(file, signal) {
    return parsed(await ask(`${this.base}/stackmarks/${file}`, { signal }));
  }

  /**
   * The bytes of a picture; `plane` ("file/key") must be what the server says it sent. `leftOut` is the number of
   * planes that a projection could not take in, `sheets` how many sheets a text map has, `alone` the number of planes
   * with writing that none of them shows, and `through` how many of how many are in it so far; `remark` says where the plane is shown in another way than was asked
   * for, or holds nothing that could be shown. `ticket` is the server's note of what the picture is: it goes back with
   * the report that it was on the screen.
   * @param {string} url
   * @param {string} plane
   * @param {AbortSignal} [signal]
   * @returns {Promise<{blob: Blob, leftOut: number, through: [number, number], remark: Remark|null, ticket: string, sheets: number, alone: number}>}
   */
  static async picture(url, plane, signal) {
    const response = await ask(url, signal ? { signal } : {});
    const sent = response.headers.get("X-Plane");
    if (sent !== plane) {
      throw new Refusal(`The server sent the plane ${sent ?? "without a name"} where ${plane} was asked for.`, null, 500);
    }
    const { headers } = response;
    const [rendering, note] = [headers.get("X-Rendering"), headers.get("X-Note")];
    const remark = rendering && note ? { rendering, text: decodeURIComponent(note) } : null;
    const ticket = headers.get("X-Ticket") ?? "";
    const [done, total] = (headers.get("X-Through") ?? "1/1").split("/").map(Number);
    const through = /** @type {[number, number]} */ ([done, total]);
    const [sheets, alone] = (headers.get("X-Sheets") ?? "1/0").split("/").map(Number);
    const leftOut = Number(headers.get("X-Left-Out") ?? 0);
    return { blob: await whole(response.blob()), leftOut, through, remark, ticket, sheets: sheets ?? 1, alone: alone ?? 0 };
  }
}
