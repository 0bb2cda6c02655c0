/** The dialog that lists a bucket and copies one object into a folder of the server. */

import { ask } from "./dialogs.js";
import { byId, counted, make, symbol } from "./dom.js";
import { A_FOLDER, choose } from "./opener.js";
import { attempt, fillBuckets, S3, tell } from "./s3.js";

const PAUSE = 250;

class Downloader {
  constructor() {
    this.dialog = byId("dialog-s3-download", HTMLDialogElement);
    this.bucket = byId("s3d-bucket", HTMLSelectElement);
    this.prefix = byId("s3d-prefix", HTMLInputElement);
    this.text = byId("s3d-text", HTMLInputElement);
    this.list = byId("s3d-entries", HTMLUListElement);
    this.folder = byId("s3d-folder", HTMLInputElement);
    this.bar = byId("s3d-progress", HTMLProgressElement);
    this.more = byId("s3d-more", HTMLButtonElement);
    this.note = byId("s3d-note", HTMLElement);
    this.key = "";
    this.after = "";
    byId("s3d-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (document.activeElement === this.prefix || document.activeElement === this.text) void this.#load("");
      else void this.#download();
    });
    byId("s3d-list", HTMLButtonElement).addEventListener("click", () => void this.#load(""));
    byId("s3d-close", HTMLButtonElement).addEventListener("click", () => this.dialog.close(""));
    this.more.addEventListener("click", () => void this.#load(this.after));
    byId("s3d-browse", HTMLButtonElement).addEventListener("click", async () => {
      const choice = await choose(A_FOLDER, "");
      if (choice?.paths[0]) this.folder.value = choice.paths[0];
    });
    this.list.addEventListener("click", (event) => this.#pick(event.target));
    this.list.addEventListener("keydown", (event) => this.#key(event));
  }

  async manage() {
    const closed = ask(this.dialog);
    const answer = await attempt(this.note, "Reading…", () => S3.buckets());
    if (answer) {
      fillBuckets(this.bucket, answer.buckets);
      tell(this.note, answer.buckets.length ? "" : "No credentials are saved yet: File, S3 credentials… takes them.");
    }
    await closed;
  }

  /** @param {string} after */
  async #load(after) {
    const what = { bucket: this.bucket.value, prefix: this.prefix.value, text: this.text.value, after };
    const listing = await attempt(this.note, "Listing…", () => S3.list(what));
    if (!listing) return;
    const items = [
      ...listing.folders.map((folder) => this.#item("folder", folder, "")),
      ...listing.objects.map(({ key, size }) => this.#item("file", key, `${size.toLocaleString("en")} B`)),
    ];
    if (after) this.list.append(...items);
    else this.list.replaceChildren(...items);
    this.key = "";
    this.after = listing.after;
    this.more.hidden = !listing.after;
    const left = listing.left_off ? `; ${counted(listing.left_off, "more object")} not shown, use the text` : "";
    tell(this.note, `${counted(listing.folders.length, "folder")}, ${counted(listing.objects.length, "object")}${left}`);
  }

  /** @param {"folder"|"file"} kind @param {string} key @param {string} size */
  #item(kind, key, size) {
    const item = make("li", "entry");
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.kind = kind;
    item.dataset.key = key;
    const name = make("span", "entry-name", kind === "folder" ? `${key}/` : key);
    name.title = key;
    item.append(symbol(kind === "folder" ? "sign-folder" : "sign-file"), name, make("span", "entry-size", size));
    return item;
  }

  /** @param {EventTarget|null} target */
  #pick(target) {
    const item = target instanceof Element ? target.closest("li") : null;
    if (!item) return;
    if (item.dataset.kind === "folder") {
      this.prefix.value = `${item.dataset.key}/`;
      void this.#load("");
      return;
    }
    for (const other of this.list.children) other.setAttribute("aria-selected", String(other === item));
    this.key = item.dataset.key ?? "";
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = [...this.list.children];
    const at = items.findIndex((item) => item.classList.contains("focused"));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      const to = Math.min(Math.max(at + step, 0), items.length - 1);
      items[at]?.classList.remove("focused");
      items[to]?.classList.add("focused");
      items[to]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === " " || event.key === "Enter") this.#pick(items[at] ?? null);
    else return;
    event.preventDefault();
  }

  async #download() {
    if (!this.key) {
      tell(this.note, "Choose an object of the list first.", true);
      return;
    }
    const overwrite = byId("s3d-overwrite", HTMLInputElement).checked;
    const what = { bucket: this.bucket.value, key: this.key, folder: this.folder.value, overwrite };
    const begun = await attempt(this.note, "Downloading…", () => S3.copy(what));
    if (!begun) return;
    this.bar.hidden = false;
    const done = await attempt(this.note, "Downloading…", () => this.#follow(begun.number));
    this.bar.hidden = true;
    if (done?.error) tell(this.note, `${done.error.message}${done.error.hint ? ` (${done.error.hint})` : ""}`, true);
    else if (done) tell(this.note, `${done.path}: ${done.total.toLocaleString("en")} bytes; compared: ${done.checked}.`);
  }

  /** @param {number} number */
  async #follow(number) {
    for (;;) {
      const copy = await S3.copied(number);
      this.bar.max = copy.total || 1;
      this.bar.value = copy.done;
      if (copy.error || copy.path) return copy;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

/** @type {Downloader|null} */
let dialog = null;

/** Let the reviewer copy objects. */
export async function downloadFromS3() {
  dialog ??= new Downloader();
  await dialog.manage();
}
