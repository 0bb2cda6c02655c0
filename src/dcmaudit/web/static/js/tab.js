/**
 * What a tab remembers over a reload, a crash or the way back: its document on the server, and how the plane lay on the
 * stage. File, plane, view and rectangle are the server's and come with the document.
 */

const TRIES = 4;
const PAUSE = 120;

/** @param {string} name @returns {unknown} null where nothing was kept, or storage is not allowed */
export function recall(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} name @param {unknown} value */
export function keep(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // private windows may refuse: then a reload begins anew
  }
}

/**
 * Take a document for this tab, as long as the tab is open. A tab that was duplicated knows the same document: two tabs
 * must not walk through one file with one set of eyes.
 * @param {string} doc
 * @returns {Promise<boolean>} false where another tab has it
 */
export async function claim(doc) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await request(doc)) return true;
    // the page that is being left may still hold it for a moment
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return false;
}

/** @param {string} doc @returns {Promise<boolean>} */
function request(doc) {
  return new Promise((resolve) => {
    if (!navigator.locks) {
      resolve(false);
      return;
    }
    const forever = new Promise(() => {
      // held until the tab is gone
    });
    navigator.locks
      .request(`document ${doc}`, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock ? forever : undefined;
      })
      .catch(() => resolve(false));
  });
}
