/** Moments of the browser: the next frame, the task after it, a pause. */

/** @param {number} milliseconds */
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Resolves inside the next animation frame, which shows what was changed before it. */
export const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** One for all tasks: a channel keeps its memory until the next collection. */
const channel = new MessageChannel();
/** @type {((value: unknown) => void)[]} */
const after = [];
channel.port1.onmessage = () => after.shift()?.(null);

/** Resolves after what the browser is doing now: inside of a frame, when that frame has gone to the compositor. */
export function nextTask() {
  return new Promise((resolve) => {
    after.push(resolve);
    channel.port2.postMessage(null);
  });
}
