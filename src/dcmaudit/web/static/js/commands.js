/** What a command of the table needs, and whether it is there. */

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").ViewState} ViewState */

/** Whether a command makes sense now. @param {Command} command @param {ViewState} state */
export function isUsable(command, state) {
  if (command.writes && (state.viewer || !state.database.writable)) return false;
  if (command.dialog?.output && state.viewer) return false;
  switch (command.needs) {
    case "undo":
      return state.can.undo !== null;
    case "redo":
      return state.can.redo !== null;
    case "survey":
      return state.classes?.running === true;
    case "deciding":
      return state.classes?.deciding === true;
    case "nothing":
      return true;
    default:
      return state.file !== null;
  }
}

/**
 * What of a choice of files or a folder a command takes.
 * @param {Command} command
 * @param {{paths: string[], recursive: boolean, password?: string, checkText?: boolean}} choice
 * @returns {Record<string, unknown>}
 */
export function argumentsOf(command, choice) {
  /** @type {Record<string, unknown>} */
  const given = { names: choice.paths, path: choice.paths[0], recursive: choice.recursive, check_text: choice.checkText === true };
  if (choice.password) given.password = choice.password;
  return Object.fromEntries(Object.entries(given).filter(([name]) => command.arguments.includes(name)));
}

/** What is still to be seen of a file, in words; empty where nothing is. @param {import("./types.js").FileState} file */
export function lacking(file) {
  const left = file.planes - file.seen;
  return left > 0 ? `${left} of ${file.planes} planes ${left === 1 ? "was" : "were"} not seen; the database notes that.` : "";
}
