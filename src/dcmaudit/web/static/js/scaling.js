/** How a plane is scaled to the stage. Shared by the page and its worker, so that both give the same pixels. */

/** @typedef {{width: number, height: number}} Size */
/**
 * A picture as it can be painted at once: the plane itself, and the same already scaled for a stage that shows all of it.
 * @typedef {{bitmap: ImageBitmap, fitted: {bitmap: ImageBitmap, scale: number}|null}} Decoded
 */

/** The dark around a plane. */
export const GROUND = "#08090a";
/** Room kept around a fitted plane, so that the handles at its edge can be taken. */
export const MARGIN = 10;
export const LARGEST = 64;

/**
 * The scale at which all of a plane is seen.
 * @param {Size} stage  device pixels
 * @param {Size} plane
 */
export function fitScale(stage, plane) {
  const room = 2 * MARGIN;
  return Math.min(Math.max(1, stage.width - room) / plane.width, Math.max(1, stage.height - room) / plane.height, LARGEST);
}

/**
 * The picture with a second one that is scaled to the stage; without it where scaling up is cheap while painting, or
 * where no stage is given.
 * @param {ImageBitmap} bitmap
 * @param {Size|null} stage
 * @returns {Decoded}
 */
export function withFitted(bitmap, stage) {
  const scale = stage ? fitScale(stage, bitmap) : 1;
  if (scale >= 1) return { bitmap, fitted: null };
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  const canvas = new OffscreenCanvas(Math.ceil(width), Math.ceil(height));
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) return { bitmap, fitted: null };
  // The last row and column may be covered in part: what shows through must be what is behind it on the stage.
  context.fillStyle = GROUND;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return { bitmap, fitted: { bitmap: canvas.transferToImageBitmap(), scale } };
}

/** @param {Blob} blob */
export function decoded(blob) {
  return createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}
