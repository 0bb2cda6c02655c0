/** Starts the page. */

import { Api } from "./api.js";
import { byId } from "./dom.js";
import { keepFocus } from "./focuskeeper.js";
import { Page } from "./page.js";
import { keptPlace, lieAsBefore, resume } from "./place.js";

async function start() {
  const [api, commands] = await Promise.all([Api.open(), Api.commands()]);
  const page = new Page(api, commands);
  // Before the first state is shown: that takes the place of what was kept.
  const kept = keptPlace();
  await page.scheduler.start();
  if (api.isNew) await resume(page, kept);
  lieAsBefore(page, kept);
  keepFocus();
  page.stage.root.focus({ preventScroll: true });
  document.body.dataset.ready = "yes";
}

start().catch((error) => {
  const banner = byId("lost", HTMLElement);
  banner.hidden = false;
  banner.textContent = `The reviewer cannot start: ${error instanceof Error ? error.message : error}`;
});
