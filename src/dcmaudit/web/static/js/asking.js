/** One question to the server, and what went wrong with it. Every write carries the header that cross-site pages cannot send. */

/** An answer of the server that says what went wrong and what to do. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {string|null} hint
   * @param {number} status
   * @param {import("./types.js").ViewState|null} [state]  the state after a command that was refused
   */
  constructor(message, hint, status, state = null) {
    super(message);
    this.name = "Refusal";
    this.hint = hint;
    this.status = status;
    this.state = state;
  }
}

/** No answer at all: the server has ended or the connection is gone. */
export class Lost extends Error {
  constructor() {
    super("The server does not answer.");
    this.name = "Lost";
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Refusal>}
 */
async function refusal(response) {
  let message = `The server answered ${response.status}.`;
  /** @type {string|null} */
  let hint = null;
  /** @type {import("./types.js").ViewState|null} */
  let state = null;
  try {
    const body = await response.json();
    if (typeof body?.error?.message === "string") message = body.error.message;
    if (typeof body?.error?.hint === "string") hint = body.error.hint;
    if (typeof body?.state?.revision === "number") state = body.state;
  } catch {
    // not JSON: the number has to do
  }
  return new Refusal(message, hint, response.status, state);
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
export async function ask(path, init = {}) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Lost();
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/**
 * What an answer holds. Lost where the connection broke in the middle of it.
 * @template T
 * @param {Promise<T>} reading
 * @returns {Promise<T>}
 */
export async function whole(reading) {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    // Another program has the port now.
    if (error instanceof SyntaxError) throw new Refusal("The answer is not one of dcmaudit.", null, 404);
    throw new Lost();
  }
}

/** @param {Response} response @returns {Promise<any>} */
export const parsed = (response) => whole(response.json());

/**
 * @param {string} path
 * @param {unknown} body
 * @param {boolean} [keepalive]
 * @returns {Promise<any>}
 */
export async function post(path, body, keepalive = false) {
  const response = await ask(path, {
    method: "POST",
    keepalive,
    headers: { "Content-Type": "application/json", "X-Dcmaudit": "1" },
    body: JSON.stringify(body),
  });
  return parsed(response);
}
