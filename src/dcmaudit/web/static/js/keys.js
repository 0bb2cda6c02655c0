/** From a key on the keyboard to a command of the table. */

/** @typedef {import("./types.js").Command} Command */

const NOT_TEXT = new Set(["button", "checkbox", "radio", "range", "submit", "reset"]);

/**
 * Whether the keyboard belongs to a text field at the moment.
 * @param {EventTarget|null} target
 */
export function isTyping(target) {
  if (target instanceof HTMLInputElement) return !NOT_TEXT.has(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/**
 * The name of a key as the command table writes it: "n", "N", "Escape", "Ctrl+o", "Ctrl+Shift+Z".
 * Caps Lock is taken out: with it on, `n` would mark files as done. So is a keyboard with other letters: its key in the
 * place of N is `n` there, and `N` with Shift.
 * @param {KeyboardEvent} event
 */
export function keyName(event) {
  let key = event.key;
  const isForeign = key.length === 1 && key.charCodeAt(0) > 127 && /^Key[A-Z]$/.test(event.code);
  if (isForeign) key = event.code.slice(3);
  const isOpen = isForeign || event.getModifierState("CapsLock") || event.ctrlKey || event.metaKey;
  if (/^[a-z]$/i.test(key) && isOpen) key = event.shiftKey ? key.toUpperCase() : key.toLowerCase();
  if (!event.ctrlKey && !event.metaKey && !event.altKey) return key;
  const shift = event.shiftKey ? "Shift+" : "";
  return `${event.altKey ? "Alt+" : ""}${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${shift}${key}`;
}

/**
 * How people write a key.
 * @param {string} name
 */
export function keyLabel(name) {
  if (name === "Escape") return "Esc";
  return name.startsWith("Ctrl+") && name.length === 6 ? `Ctrl+${name.slice(5).toUpperCase()}` : name;
}

/**
 * @param {Command[]} commands
 * @returns {Map<string, Command>}
 */
export function keyTable(commands) {
  const table = new Map();
  for (const command of commands) for (const key of command.keys) table.set(key, command);
  return table;
}
