/** The dialog that chooses images of a bucket. What comes out is one name that stands for the whole choice. */

import { ask } from "./dialogs.js";
import { byId } from "./dom.js";
import { A_FILE, choose } from "./opener.js";
import { attempt, fillBuckets, S3, tell } from "./s3.js";
import { manageCredentials } from "./s3credentials.js";

class Chooser {
  constructor() {
    this.dialog = byId("dialog-s3-open", HTMLDialogElement);
    this.bucket = byId("s3o-bucket", HTMLSelectElement);
    this.csv = byId("s3o-csv", HTMLInputElement);
    this.note = byId("s3o-note", HTMLElement);
    this.name = "";
    byId("s3o-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#open();
    });
    byId("s3o-cancel", HTMLButtonElement).addEventListener("click", () => this.dialog.close(""));
    byId("s3o-credentials", HTMLButtonElement).addEventListener("click", async () => {
      await manageCredentials();
      await this.#load();
    });
    byId("s3o-browse", HTMLButtonElement).addEventListener("click", async () => {
      const choice = await choose(A_FILE, "");
      if (choice?.paths[0]) this.csv.value = choice.paths[0];
    });
  }

  async choose() {
    await this.#load();
    return (await ask(this.dialog)) === "open" ? this.name : null;
  }

  async #load() {
    const answer = await attempt(this.note, "Reading…", () => S3.buckets());
    if (!answer) return;
    fillBuckets(this.bucket, answer.buckets);
    tell(this.note, answer.buckets.length ? "" : "No credentials are saved yet: Credentials… takes them.");
  }

  async #open() {
    /** @param {string} id */
    const text = (id) => byId(id, HTMLInputElement).value.trim();
    /** @param {string} id */
    const ticked = (id) => byId(id, HTMLInputElement).checked;
    const seed = text("s3o-seed");
    const what = {
      bucket: this.bucket.value,
      prefix: text("s3o-prefix"),
      study: text("s3o-study"),
      series: text("s3o-series"),
      csv: this.csv.value.trim(),
      random: ticked("s3o-random") ? Number(text("s3o-count")) : null,
      overview: ticked("s3o-overview"),
      seed: seed ? Number(seed) : null,
      output: text("s3o-output"),
    };
    const answer = await attempt(this.note, "Looking…", () => S3.selection(what));
    if (!answer) return;
    this.name = answer.name;
    this.dialog.close("open");
  }
}

/** @type {Chooser|null} */
let dialog = null;

/** @returns {Promise<string|null>} the name of the choice, null for none */
export function chooseFromS3() {
  dialog ??= new Chooser();
  return dialog.choose();
}
