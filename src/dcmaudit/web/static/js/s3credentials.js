/** The dialog that keeps the credentials of buckets. A secret goes to the server and never comes back. */

import { ask, askQuestion } from "./dialogs.js";
import { byId, printable } from "./dom.js";
import { attempt, fillBuckets, S3, tell } from "./s3.js";

/** @typedef {import("./s3.js").Saved} Saved */

class Credentials {
  constructor() {
    this.dialog = byId("dialog-s3-credentials", HTMLDialogElement);
    this.which = byId("s3c-which", HTMLSelectElement);
    this.bucket = byId("s3c-bucket", HTMLInputElement);
    this.endpoint = byId("s3c-endpoint", HTMLInputElement);
    this.access = byId("s3c-access", HTMLInputElement);
    this.secret = byId("s3c-secret", HTMLInputElement);
    this.region = byId("s3c-region", HTMLInputElement);
    this.profile = byId("s3c-profile", HTMLInputElement);
    this.anonymous = byId("s3c-anonymous", HTMLInputElement);
    this.remove = byId("s3c-delete", HTMLButtonElement);
    this.note = byId("s3c-note", HTMLElement);
    /** @type {Saved[]} */
    this.saved = [];
    this.which.addEventListener("change", () => this.#show());
    this.anonymous.addEventListener("change", () => this.#enable());
    this.profile.addEventListener("input", () => this.#enable());
    byId("s3c-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save();
    });
    byId("s3c-test", HTMLButtonElement).addEventListener("click", () => void this.#test());
    this.remove.addEventListener("click", () => void this.#delete());
    byId("s3c-close", HTMLButtonElement).addEventListener("click", () => this.dialog.close(""));
  }

  async manage() {
    // before it is open, for what is typed meanwhile would be wiped
    await this.#load("");
    await ask(this.dialog);
    this.secret.value = "";
  }

  /** @param {string} bucket  what to show then @param {string} [text] */
  async #load(bucket, text = "") {
    const answer = await attempt(this.note, "Reading…", () => S3.buckets());
    if (!answer) return;
    this.saved = answer.buckets;
    fillBuckets(this.which, this.saved, "new…");
    this.which.value = bucket;
    this.#show();
    const where = answer.keyring ? "Secrets are kept in your keyring." : "No keyring here: secrets are kept in a file that only you may read.";
    tell(this.note, text || where);
  }

  #show() {
    const one = this.saved.find(({ bucket }) => bucket === this.which.value);
    this.bucket.value = one?.bucket ?? "";
    this.endpoint.value = one?.endpoint ?? "";
    this.access.value = one?.access_key ?? "";
    this.region.value = one?.region ?? "";
    this.profile.value = one?.profile ?? "";
    this.anonymous.checked = one?.anonymous ?? false;
    this.secret.value = "";
    this.secret.placeholder = one?.access_key ? "empty keeps the saved one" : "";
    this.remove.disabled = !one;
    this.#enable();
    tell(this.note, "");
  }

  #enable() {
    this.profile.disabled = this.anonymous.checked;
    const keyless = this.anonymous.checked || this.profile.value !== "";
    this.access.disabled = keyless;
    this.secret.disabled = keyless;
  }

  #given() {
    return {
      bucket: this.bucket.value,
      endpoint: this.endpoint.value,
      access_key: this.access.value,
      secret: this.secret.value,
      region: this.region.value,
      profile: this.profile.value,
      anonymous: this.anonymous.checked,
    };
  }

  async #save() {
    const answer = await attempt(this.note, "Saving…", () => S3.save(this.#given()));
    if (answer) await this.#load(this.bucket.value.trim(), `Saved; ${answer.where}.`);
  }

  async #test() {
    const answer = await attempt(this.note, "Asking the server…", () => S3.test(this.#given()));
    if (answer) tell(this.note, `It works: ${answer.result}.`);
  }

  async #delete() {
    const bucket = this.which.value;
    const sure = await askQuestion({
      text: `Delete the saved credentials of ${printable(bucket)}? The bucket itself stays as it is.`,
      command: "", args: {}, yes: "Delete", no: "Keep them",
    });
    if (!sure) return;
    const answer = await attempt(this.note, "Deleting…", () => S3.remove(bucket));
    if (answer) await this.#load("", `The credentials of ${bucket} are deleted; the bucket itself is as it was.`);
  }
}

/** @type {Credentials|null} */
let dialog = null;

/** Let the reviewer keep credentials. */
export async function manageCredentials() {
  dialog ??= new Credentials();
  await dialog.manage();
}
