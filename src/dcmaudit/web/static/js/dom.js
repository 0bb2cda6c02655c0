/** Small helpers over the DOM. Markup comes from the page's <template>s, text only through textContent. */

/**
 * The element with that id; the page is broken where it is missing, so that is an error.
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} with the id ${id}`);
  return found;
}

/**
 * The first element under `root` that matches.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
export function within(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} matches ${selector}`);
  return found;
}

/**
 * A fresh copy of a template's only element.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function stamp(id) {
  const template = byId(id, HTMLTemplateElement);
  const copy = template.content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`template ${id} is empty`);
  return copy;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/**
 * One of the page's own symbols (`<symbol id="sign-…">`).
 * @param {string} name
 * @param {string} [className]
 * @returns {SVGSVGElement}
 */
export function symbol(name, className = "sign") {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

/**
 * A name with every character written out that cannot be seen, or that turns the direction of writing.
 * @param {string} name
 */
export const printable = (name) =>
  name.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`);

/**
 * Set text only where it differs, so that a screen reader hears changes and layout is left alone.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The same for the words that a mouse finds: setting what is there already would cost as much as a change. @param {HTMLElement} element @param {string} text */
export function setTitle(element, text) {
  if (element.title !== text) element.title = text;
}

/** @param {HTMLElement} element @param {boolean} isHidden */
export function setHidden(element, isHidden) {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

/** Whether a dialog is open; asked at every key: the browser keeps this list, and nothing searches the page for it. */
export function anyOpen() {
  for (const dialog of document.getElementsByTagName("dialog")) if (dialog.open) return true;
  return false;
}

/** Made once: to look up how a language writes numbers takes longer than to write a thousand of them. */
const NUMBERS = new Intl.NumberFormat("en");

/** A number as people read it: 12,345. @param {number} count */
export const numbered = (count) => NUMBERS.format(count);

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${numbered(count)} ${count === 1 ? one : many}`;
}

/** The same words, as a title begins; the name of a file, or of an attribute, stays as it is. @param {string} words */
export const capital = (words) => (/^\S*[^\s\w'’,-]\S/.test(words) ? words : words.charAt(0).toUpperCase() + words.slice(1));

/**
 * Run at most once in `pause` milliseconds after the last call.
 * @param {() => void} work
 * @param {number} pause
 * @returns {() => void}
 */
export function settled(work, pause) {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, pause);
  };
}

/**
 * Whether whoever was at a part is still there, or nowhere: what arrives late may then move on with the keyboard. Else a
 * person went somewhere meanwhile, and the next key is meant for that part.
 * @param {Element|null} before  what had the keyboard when it was asked for
 */
export function isStillAt(before) {
  const now = document.activeElement;
  return !now || now === before || now === document.body || now.id === "stage";
}
