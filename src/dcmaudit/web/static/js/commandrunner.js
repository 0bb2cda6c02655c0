/** Commands on their way: what ends before one of them, whether it makes sense now, and what it is about. */

import { isUsable } from "./commands.js";
import { openDialog, ownCommands } from "./owncommands.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./owncommands.js").OwnCommand} OwnCommand */

/** Groups of commands behind which files have other numbers: a question that names one of before would be refused. */
const RENUMBERS = new Set(["open", "s3", "database"]);

export class CommandRunner {
  /** @param {import("./page.js").Page} page */
  constructor(page) {
    this.page = page;
    this.own = ownCommands(page);
  }

  /**
   * Have the server carry out a command.
   * @param {string} command
   * @param {Record<string, unknown>} args
   * @param {boolean} repeat
   */
  act(command, args, repeat) {
    const { page } = this;
    const known = page.named.get(command);
    if (page.cine.isPlaying && command !== "cursor") page.cine.interrupt();
    // the file's window, or full range, instead of one's own
    if (command === "voi" || command === "local-contrast" || command === "rendering") page.hands.reset();
    page.messages.goOn();
    if (known?.leaves_sheet) page.overview.close();
    if (known && RENUMBERS.has(known.group)) this.#renounce();
    if (command !== "cursor") void page.handled.flush();
    return page.scheduler.run(command, args, repeat);
  }

  /** The files on the screen are left: nothing more is asked about them. */
  #renounce() {
    const { overview, strip, planes } = this.page;
    overview.close();
    strip.unpeek();
    planes.abandonOthers("");
  }

  /**
   * A command from a key, a menu or a button.
   * @param {Command} command
   * @param {boolean} repeat
   */
  execute(command, repeat) {
    const { state, scheduler, messages, overview } = this.page;
    if (!state || scheduler.over) return;
    if (repeat && (command.writes || command.once)) return;
    // Other views and dialogs need no server: what was refused before them is as old as with a command that does.
    if (!repeat) messages.goOn();
    const own = command.dialog ? () => openDialog(this.page, command) : this.own[/** @type {OwnCommand} */ (command.name)];
    if (!repeat && overview.takes(command.name)) return;
    if (!isUsable(command, state)) {
      const why = state.viewer ? "This is the viewer: nothing can be marked." : `“${command.label.replace("…", "")}” is not possible now.`;
      if (!repeat) messages.refused({ message: why });
    } else if (overview.isOpen && command.needs === "plane") {
      messages.refused({ message: "A plane is marked where it is seen alone.", hint: "go back to it with Esc first" });
    } else if (own) {
      if (!repeat) void own();
    } else {
      void this.page.act(command.name, this.#about(command), repeat);
    }
  }

  /**
   * What a command is about: the mark whose row has the keyboard; else, where a rectangle is marked, the one on the
   * screen, wherever the server has it.
   * @param {Command} command
   * @returns {Record<string, unknown>}
   */
  #about(command) {
    const { panel, handled } = this.page;
    const id = command.arguments.includes("id") ? panel.focused : null;
    if (id !== null) return { id };
    const box = command.sends_box ? handled.box : null;
    return box ? { box } : {};
  }

  /** What the start page offers: with its dialog where it has one. @param {string} command @param {Record<string, unknown>} args */
  offered(command, args) {
    const known = Object.keys(args).length ? undefined : this.page.named.get(command);
    if (known) this.execute(known, false);
    else void this.page.act(command, args);
  }
}
