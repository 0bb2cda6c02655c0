/**
 * The keyboard stays with somebody. A part that is made anew, hidden or switched off while it has the focus would leave it
 * with nobody: Tab would begin at the top of the page, and a screen reader would say nothing. Its like gets it instead, or
 * what it lay in: never another part that a second Enter, meant for the first, would press.
 */

const REACHED = "a[href], button, input, select, textarea, summary, [tabindex]";
const PRESSED = "a[href], button, summary, label";

/** What a person would call the same part, made anew. @param {Element} one */
const likeness = (one) => `${one.tagName} ${one.id} ${one.getAttribute("aria-label") ?? ""} ${one.textContent?.trim().slice(0, 80)}`;

/** @param {Element} one */
const isThere = (one) => one.isConnected && !(/** @type {HTMLButtonElement} */ (one).disabled) && one.checkVisibility();

/** All in a root that a person would call that. @param {Element} root @param {string} like */
const alike = (root, like) => /** @type {HTMLElement[]} */ ([...root.querySelectorAll(REACHED)].filter((one) => likeness(one) === like));

/** Give the focus to what only holds others: it takes it as long as it has it. @param {HTMLElement} root */
function rest(root) {
  if (!root.hasAttribute("tabindex")) {
    root.tabIndex = -1;
    root.addEventListener("blur", () => root.removeAttribute("tabindex"), { once: true });
  }
  root.focus({ preventScroll: true });
}

class FocusKeeper {
  /** @param {Document} page */
  constructor(page) {
    this.page = page;
    /** @type {HTMLElement|null} */
    this.last = null;
    /** What it lies in, from the inside out, and whether nothing else there is called the same. @type {{ root: HTMLElement, isOne: boolean }[]} */
    this.around = [];
    this.like = "";
  }

  begin() {
    this.page.addEventListener("focusin", ({ target }) => this.#note(target));
    // What a style hides loses the focus when the next frame is drawn: the browser says so then.
    this.page.addEventListener("focusout", ({ relatedTarget }) => {
      if (!relatedTarget) setTimeout(() => this.#look(), 0);
    });
    // What is taken out or hidden by its attribute is noticed before anything is drawn.
    const watch = new MutationObserver(() => this.#look());
    watch.observe(this.page.body, { childList: true, subtree: true, attributeFilter: ["hidden", "disabled"] });
  }

  /** @param {EventTarget|null} target */
  #note(target) {
    if (!(target instanceof HTMLElement)) return;
    this.last = target;
    this.like = likeness(target);
    this.around = [];
    for (let root = target.parentElement; root && root !== this.page.body && this.around.length < 4; root = root.parentElement) {
      this.around.push({ root, isOne: alike(root, this.like).length === 1 });
    }
  }

  /** Cheap where nothing is wrong: it is asked at every change of the page. */
  #look() {
    const { last, page } = this;
    if (!last) return;
    const now = page.activeElement;
    const isGone = !last.isConnected || /** @type {HTMLButtonElement} */ (last).disabled || last.closest("[hidden]") !== null;
    const isNobody = !now || now === page.body || now === page.documentElement;
    if (now === last ? !isGone : !isNobody) return;
    // Who clicked beside everything, or tabbed out of the page, left a part that is still there.
    if (!isGone && last.checkVisibility()) return;
    const like = this.#like();
    like?.focus({ preventScroll: true });
    if (like && page.activeElement === like) return;
    for (const root of this.#places()) {
      rest(root);
      // Behind an open dialog nothing takes the focus.
      if (page.activeElement === root) return;
    }
  }

  /** The same part, made anew. Of several with one name, as in rows, nobody knows which is meant. */
  #like() {
    for (const { root, isOne } of this.around) {
      if (!isOne || !isThere(root)) continue;
      const [found, other] = alike(root, this.like).filter(isThere);
      if (found && !other) return found;
    }
    return null;
  }

  /** Where the keyboard may wait, the nearest first: Tab goes on from there, and Enter and Space press nothing. */
  *#places() {
    const { around, page } = this;
    for (const { root } of around) if (isThere(root) && !root.matches(PRESSED)) yield root;
    for (const root of [...page.querySelectorAll("dialog[open]")].reverse()) yield /** @type {HTMLElement} */ (root);
    for (const root of page.querySelectorAll("#overview:not([hidden])")) yield /** @type {HTMLElement} */ (root);
    const stage = page.getElementById("stage");
    if (stage && isThere(stage)) yield stage;
    yield page.body;
  }
}

/** Begin to keep the focus. @param {Document} [page] */
export function keepFocus(page = document) {
  new FocusKeeper(page).begin();
}
