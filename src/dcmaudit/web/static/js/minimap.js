/**
 * A small picture of the whole plane while the stage shows a part of it: what is on the stage now, and what was on it.
 * It moves out of the way: into the corner of the stage that is opposite to where one looks.
 */

import { byId, setHidden, setText, within } from "./dom.js";
import { tablesOf } from "./levels.js";
import { fromUpright, sizeOf } from "./orientation.js";
import { areaOnStage, paintPlane } from "./painting.js";

const EDGE = 132;

export class Minimap {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.root = byId("map", HTMLElement);
    this.canvas = within(this.root, "canvas", HTMLCanvasElement);
    this.caption = within(this.root, "figcaption", HTMLElement);
    /** @type {string[]|null} rows of the server's map of what was seen: 1 where all of a cell was */
    this.cells = null;
    this.isSeen = false;
  }

  /**
   * @param {string[]|null} cells  null where nothing of the plane was seen, or all of it
   * @param {boolean} isSeen  whether all of it was
   */
  update(cells, isSeen) {
    this.cells = cells;
    this.isSeen = isSeen;
    this.draw();
  }

  draw() {
    const { plane, camera } = this.stage;
    const hidden = !plane || camera.showsAll;
    setHidden(this.root, hidden);
    if (!plane || hidden) return;
    const { orientation } = camera;
    const { width, height } = camera.plane;
    const part = EDGE / Math.max(width, height);
    const upright = { width: Math.max(8, Math.round(width * part)), height: Math.max(8, Math.round(height * part)) };
    const { width: wide, height: high } = sizeOf(orientation, upright);
    const ratio = this.stage.ratio;
    this.canvas.width = Math.round(wide * ratio);
    this.canvas.height = Math.round(high * ratio);
    this.canvas.style.width = `${wide}px`;
    this.canvas.style.height = `${high}px`;
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const size = sizeOf(orientation, this.canvas);
    const place = { scale: size.width / width, x: 0, y: 0, stage: size, orientation };
    const area = areaOnStage(place, plane);
    if (plane.cells && area.width && area.height) {
      const image = new ImageData(area.width, area.height);
      // where one is, not what is there: single values do
      paintPlane({ ...plane, cells: plane.cells }, tablesOf(plane, this.stage.view), place, new Uint32Array(image.data.buffer), true);
      context.putImageData(image, area.left, area.top);
    }
    context.scale(ratio, ratio);
    // what follows is drawn upright, and lies as the plane does
    const [zero, right, below] = [[0, 0], [1, 0], [0, 1]].map(([x = 0, y = 0]) => fromUpright(orientation, x, y, upright));
    if (zero && right && below) context.transform(right[0] - zero[0], right[1] - zero[1], below[0] - zero[0], below[1] - zero[1], ...zero);
    if (!this.isSeen) this.#shade(context, upright.width, upright.height);
    this.#frame(context, upright.width / width, upright.height / height);
    this.#tell();
    this.#place();
  }

  /** What was not seen is dark and hatched: colour alone would not reach everybody. @param {CanvasRenderingContext2D} context @param {number} wide @param {number} high */
  #shade(context, wide, high) {
    const rows = this.cells ?? ["0"];
    const columns = rows[0]?.length ?? 1;
    const path = new Path2D();
    rows.forEach((row, y) => [...row].forEach((cell, x) => {
      const [left, top] = [Math.floor((x * wide) / columns), Math.floor((y * high) / rows.length)];
      const [right, bottom] = [Math.floor(((x + 1) * wide) / columns), Math.floor(((y + 1) * high) / rows.length)];
      if (cell !== "1") path.rect(left, top, right - left, bottom - top);
    }));
    context.save();
    context.clip(path);
    context.fillStyle = "rgba(8, 9, 10, .62)";
    context.fillRect(0, 0, wide, high);
    context.strokeStyle = "rgba(240, 180, 41, .55)";
    context.lineWidth = 1;
    context.beginPath();
    for (let x = -high; x < wide; x += 7) {
      context.moveTo(x, high);
      context.lineTo(x + high, 0);
    }
    context.stroke();
    context.restore();
  }

  /** Where the stage is. @param {CanvasRenderingContext2D} context @param {number} across @param {number} down */
  #frame(context, across, down) {
    const { camera } = this.stage;
    const [x0, y0, x1, y1] = camera.onPlane([0, 0, camera.screen.width, camera.screen.height]);
    const left = Math.max(0, x0) * across;
    const top = Math.max(0, y0) * down;
    const right = Math.min(camera.plane.width, x1) * across;
    const bottom = Math.min(camera.plane.height, y1) * down;
    for (const [colour, width] of /** @type {[string, number][]} */ ([["#08090a", 4], ["#4fc3d9", 2]])) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.strokeRect(left + 1, top + 1, Math.max(2, right - left - 2), Math.max(2, bottom - top - 2));
    }
  }

  #tell() {
    const { cells, isSeen } = this;
    const all = cells?.join("") ?? "";
    const share = isSeen ? 100 : all ? Math.floor((100 * all.split("1").length - 100) / all.length) : 0;
    const part = share ? `${share} % of it seen` : cells ? "less than 1 % seen" : "not seen yet";
    setText(this.caption, isSeen ? "all of it seen" : part);
  }

  /** The corner opposite to the part of the plane that is looked at. */
  #place() {
    const { camera } = this.stage;
    const [x, y] = camera.toStage(camera.plane.width / 2, camera.plane.height / 2);
    this.root.dataset.across = x < camera.screen.width / 2 ? "left" : "right";
    this.root.dataset.down = y < camera.screen.height / 2 ? "top" : "bottom";
  }
}
