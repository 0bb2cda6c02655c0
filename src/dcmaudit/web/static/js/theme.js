/** Dark, light, or as the system has it. */

import { byId } from "./dom.js";

const THEMES = ["dark", "light", "system"];

/** Dark, light or as the system has it. Dark by default: beside a bright page the eye misses what is faint. */
export class Theme {
  constructor() {
    const kept = this.#kept;
    this.chosen = kept !== null && THEMES.includes(kept) ? kept : "dark";
    this.light = matchMedia("(prefers-color-scheme: light)");
    this.light.addEventListener("change", () => this.apply());
    this.onchange = () => {};
    this.apply();
  }

  get #kept() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  }

  apply() {
    const theme = this.chosen === "system" ? (this.light.matches ? "light" : "dark") : this.chosen;
    document.documentElement.dataset.theme = theme;
    const button = byId("theme", HTMLButtonElement);
    button.title = `Colours: ${this.chosen === "system" ? `as the system (${theme})` : theme}`;
    button.setAttribute("aria-label", button.title);
    this.onchange();
  }

  /** Dark, light, as the system, and round again. */
  toggle() {
    this.chosen = THEMES[(THEMES.indexOf(this.chosen) + 1) % THEMES.length] ?? "dark";
    try {
      localStorage.setItem("theme", this.chosen);
    } catch {
      // private windows may refuse: then it lasts until the page is left
    }
    this.apply();
  }
}
