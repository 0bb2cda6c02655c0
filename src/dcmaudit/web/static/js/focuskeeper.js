/**
 * The keyboard stays with somebody. A part that is made anew, hidden or switched off while it has the focus would leave it
 * with nobody: Tab would begin at the top of the page, and a screen reader would say nothing. Its like, or what is nearest,
 * gets it instead.
 */

const REACHED = "a[href], button, input, select, textarea, summary, [tabindex]";

/** What a person would call the same part, made anew. @param {Element} one */
const likeness = (one) => `${one.tagName} ${one.id} ${one.getAttribute("aria-label") ?? ""} ${one.textContent?.trim().slice(0, 80)}`;

/** @param {Element} one */
const isThere = (one) => one.isConnected && !(/** @type {HTMLButtonElement} */ (one).disabled) && one.checkVisibility();

/** @param {Element} root */
const reachedIn = (root) => /** @type {HTMLElement[]} */ ([...root.querySelectorAll(REACHED)].filter(isThere));

class FocusKeeper {
  /** @param {Document} page */
  constructor(page) {
    this.page = page;
    /** @type {HTMLElement|null} */
    this.last = null;
    /** What it lies in, from the inside out, and its place among what can be reached there. @type {{ root: Element, place: number }[]} */
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
      this.around.push({ root, place: [...root.querySelectorAll(REACHED)].indexOf(target) });
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
    for (const next of this.#heirs()) {
      next.focus({ preventScroll: true });
      // Behind an open dialog nothing takes the focus.
      if (page.activeElement === next) return;
    }
  }

  /** Who may have the keyboard, the best first. */
  *#heirs() {
    const { around, like, page } = this;
    for (const { root } of around) {
      if (!isThere(root)) continue;
      const found = reachedIn(root);
      const same = found.find((one) => likeness(one) === like);
      if (same) yield same;
    }
    for (const { root, place } of around) {
      if (!isThere(root)) continue;
      const found = reachedIn(root);
      const next = found[Math.min(Math.max(place, 0), found.length - 1)];
      if (next) yield next;
      if (root.matches("[tabindex]")) yield /** @type {HTMLElement} */ (root);
    }
    for (const root of [...page.querySelectorAll("dialog[open]")].reverse()) yield* reachedIn(root).slice(0, 1);
    const view = page.querySelector("#overview:not([hidden])");
    if (view) yield* reachedIn(view).slice(0, 1);
    const stage = page.getElementById("stage");
    if (stage && isThere(stage)) yield stage;
    yield* reachedIn(page.body).slice(0, 1);
  }
}

/** Begin to keep the focus. @param {Document} [page] */
export function keepFocus(page = document) {
  new FocusKeeper(page).begin();
}
