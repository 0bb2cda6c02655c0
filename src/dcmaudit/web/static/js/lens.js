/**
 * A magnifier: the place under the cursor larger, as long as its key is held. It lies over the stage, so that nothing below
 * it counts as seen; what it shows itself is a glance.
 */

import { Camera } from "./camera.js";
import { context } from "./canvas.js";
import { byId } from "./dom.js";
import { sizeOf } from "./orientation.js";
import { areaOnStage, paintPlane } from "./painting.js";
import { blacken } from "./picturelayer.js";
import { tablesOf } from "./levels.js";
import { GROUND } from "./scaling.js";

/** CSS pixels of a side, and how many times larger it shows than the stage. */
const EDGE = 260;
const TIMES = 3;

export class Lens {
  /**
   * @param {import("./stage.js").Stage} stage
   * @param {() => [number, number]} at  where to look: a point of the stage, in device pixels
   */
  constructor(stage, at) {
    this.stage = stage;
    this.at = at;
    this.canvas = byId("lens", HTMLCanvasElement);
    this.lower = context(this.canvas, false);
    this.camera = new Camera();
  }

  get isOpen() {
    return !this.canvas.hidden;
  }

  open() {
    this.canvas.hidden = false;
    this.draw();
  }

  close() {
    this.canvas.hidden = true;
  }

  /** The plane as it is on the stage, larger, with what is black on it. */
  draw() {
    const { stage, canvas, lower, camera } = this;
    const { plane } = stage;
    if (!this.isOpen) return;
    if (!plane?.cells) {
      this.close();
      return;
    }
    const [x, y] = this.at();
    const edge = Math.round(EDGE * stage.ratio);
    canvas.width = canvas.height = edge;
    this.#aim(x, y, edge);
    lower.fillStyle = GROUND;
    lower.fillRect(0, 0, edge, edge);
    const place = camera.lies;
    const area = areaOnStage(place, plane);
    if (area.width && area.height) {
      const image = new ImageData(area.width, area.height);
      paintPlane({ ...plane, cells: plane.cells }, tablesOf(plane, stage.view), place, new Uint32Array(image.data.buffer), false);
      lower.putImageData(image, area.left, area.top);
    }
    blacken(lower, camera, stage.picture.black);
    this.#place(x / stage.ratio, y / stage.ratio);
  }

  /** The pixel under a point of the stage in the middle. @param {number} x @param {number} y @param {number} edge */
  #aim(x, y, edge) {
    const { camera, stage } = this;
    const [px, py] = stage.camera.toPlane(x, y);
    const scale = TIMES * stage.camera.scale;
    camera.orientation = stage.camera.orientation;
    camera.screen = { width: edge, height: edge };
    camera.stage = sizeOf(camera.orientation, camera.screen);
    camera.plane = stage.camera.plane;
    // whole multiples show every pixel alike
    camera.scale = scale >= 1 ? Math.round(scale) : scale;
    camera.x = Math.round(edge / 2 - px * camera.scale);
    camera.y = Math.round(edge / 2 - py * camera.scale);
  }

  /** Around the cursor, inside of the stage. @param {number} x  CSS pixels @param {number} y */
  #place(x, y) {
    const { clientWidth, clientHeight } = this.stage.root;
    const left = Math.max(0, Math.min(x - EDGE / 2, clientWidth - EDGE));
    const top = Math.max(0, Math.min(y - EDGE / 2, clientHeight - EDGE));
    // whole device pixels, or the browser would scale what is exact
    const { ratio } = this.stage;
    this.canvas.style.left = `${Math.round(left * ratio) / ratio}px`;
    this.canvas.style.top = `${Math.round(top * ratio) / ratio}px`;
    this.canvas.style.width = this.canvas.style.height = `${this.canvas.width / ratio}px`;
  }
}
