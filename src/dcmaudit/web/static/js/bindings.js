/** Keys of the user's own: what they do to the table of commands, and which of them are in each other's way. */

/** @typedef {import("./types.js").Command} Command */

/** Keys that the stage, the menus or the browser have; the server refuses them, too. */
export const RESERVED = new Set([" ", "Tab", "Enter", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Shift", "Control", "Alt", "Meta", "CapsLock", "F5", "Ctrl+r", "Ctrl+w", "Ctrl+t", "Ctrl+n"]);

/** The table with a user's own keys. @param {Command[]} commands @param {Record<string, string[]>} own @returns {Command[]} */
export const bound = (commands, own) =>
  commands.map((command) => {
    const keys = own[command.name];
    return keys ? { ...command, keys, key: keys[0] ?? null } : command;
  });

/** Commands that have a key which another one has, too: by command, what is in its way. @param {Command[]} commands @returns {Map<string, {key: string, other: Command}>} */
export function conflicts(commands) {
  /** @type {Map<string, Command[]>} */
  const owners = new Map();
  for (const command of commands) for (const key of command.keys) owners.set(key, [...(owners.get(key) ?? []), command]);
  const found = new Map();
  for (const [key, all] of owners) {
    if (all.length > 1) for (const one of all) found.set(one.name, { key, other: all.find((other) => other !== one) });
  }
  return found;
}

/** What differs from the table: that alone is stored. @param {Command[]} table @param {Command[]} commands @returns {Record<string, string[]>} */
export function ownOf(table, commands) {
  const usual = new Map(table.map(({ name, keys }) => [name, keys.join("\n")]));
  return Object.fromEntries(commands.filter(({ name, keys }) => usual.get(name) !== keys.join("\n")).map(({ name, keys }) => [name, keys]));
}
