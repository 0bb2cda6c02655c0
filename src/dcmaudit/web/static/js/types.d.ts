/**
 * The shapes that cross between server and page: made by scripts/page-types from dcmaudit/review/page, not by hand.
 */

/** Left, top, right, bottom; half-open pixels of the plane. */
export type Edges = [number, number, number, number];

/** A rectangle that can be drawn. */
export type DrawnRect = Omit<RectState, "box"> & { box: Edges };

/** The dialog in which a command's files or folders are chosen. */
export interface Dialog {
  title: string;
  /** the words of its button */
  action: string;
  /** whether a folder is chosen */
  folders: boolean;
  /** whether several files may be */
  many: boolean;
  /** whether it asks about the folders below */
  recursive: boolean;
  /** whether that is ticked when it opens */
  below: boolean;
  /** whether the address of a database server may be typed */
  server: boolean;
  /** whether files are written there: a new folder may be named */
  output: boolean;
}

/** One thing that the reviewer can do. */
export interface Command {
  name: string;
  label: string;
  help: string;
  /** the key that is shown */
  key: string|null;
  keys: string[];
  menu: string|null;
  group: string;
  writes: boolean;
  /** who carries it out, or begins to */
  where: "server"|"page";
  /** the option that it switches */
  toggles: string|null;
  arguments: string[];
  dialog: Dialog|null;
  /** what must be there */
  needs: "nothing"|"file"|"plane"|"undo"|"redo"|"survey"|"deciding";
  /** whether it shows a plane, and so closes a contact sheet or projection */
  leaves_sheet: boolean;
  /** whether the handled rectangle goes along as it is on the screen */
  sends_box: boolean;
  /** whether it is not done again while its key is held down */
  once: boolean;
}

/** An error in the words of the page, and what to do next. */
export interface Trouble {
  message: string;
  hint?: string|null;
}

/** What was on the stage, for the server to judge. */
export interface Painted {
  file_id: number;
  /** the plane's name within the file */
  key: string;
  /** came with the picture */
  ticket: string;
  /** pixels of the screen for a pixel of the plane */
  scale: number;
  /** width and height in pixels of the screen */
  stage: [number, number];
  /** parts of the plane that were in sight */
  boxes: Edges[];
}

/** Something that is not in the list, and why. */
export interface NamedProblem {
  name: string;
  message: string;
}

/** What the list was narrowed to. */
export interface FilterState {
  status: string|null;
  text: string;
}

/** The list of files. */
export interface WorklistState {
  /** of the open file among those that N and Esc walk through, from 0 */
  index: number|null;
  /** the same from 1 */
  number: number|null;
  /** files that N and Esc walk through */
  total: number;
  /** files in the list */
  found: number;
  growing: boolean;
  /** files that still wait */
  left: number;
  /** files an hour that this page finished lately, without breaks */
  per_hour: number|null;
  passed_over: number;
  problem_count: number;
  problems: NamedProblem[];
  not_opened: NamedProblem[];
  folder: string|null;
  /** whether it was opened from a page */
  opened: boolean;
  filter: FilterState;
}

/** The open file. */
export interface FileState {
  file_id: number;
  name: string;
  /** the last parts of the name */
  short: string;
  /** by which the file is known again without its name */
  mark: string;
  state: "not reviewed"|"in work"|"done"|"tagged";
  tagged: boolean;
  /** who finished it */
  done_by: string|null;
  comment: string;
  opening: boolean;
  error: Trouble|null;
  modality: string|null;
  model: string|null;
  /** planes seen whole, and stored as such */
  seen: number;
  /** planes seen in part */
  partly: number;
  /** planes that were shown, but not so that anybody could read them */
  glanced: number;
  /** whether what is seen is kept at all: not by the viewer */
  stored: boolean;
  planes: number;
  /** whether hidden planes may still be found */
  unscanned_bits: boolean;
  bits: "none possible"|"not looked at yet"|"being looked at"|"looked at"|"could not be looked at";
  /** frames searched, and all */
  bits_progress: [number, number]|null;
  suggesting: boolean;
  /** areas of the whole file that are shown black and not stored */
  previews: number;
  /** titles of planes that text is looked for on */
  reading: string[];
  /** what of it cannot be audited, as far as it is known */
  gap: string|null;
  /** another file on disk now than when it was opened */
  changed: boolean;
  notes: string[];
}

/** One run of planes of one kind. */
export interface GroupState {
  index: number;
  kind: "frame"|"overlay"|"embedded overlay"|"stray bit"|"icon"|"thumbnail"|"not audited";
  title: string;
  /** index of its first plane in the file */
  start: number;
  count: number;
  /** half-open ranges of positions seen whole */
  seen: [number, number][];
  /** positions seen in part */
  partly: number[];
  glanced: [number, number][];
  skipped: [number, number][];
  /** positions with a rectangle of their own */
  marked: number[];
  /** half-open ranges with a level from 0 to 1: how likely there is text */
  heat: [number, number, number][];
  /** why it cannot be shown */
  reason: string|null;
}

/** The plane on screen. */
export interface PlaneState {
  /** in the file, from 0 */
  index: number;
  /** the same from 1 */
  number: number;
  /** the plane's name within the file */
  key: string;
  title: string;
  kind: "frame"|"overlay"|"embedded overlay"|"stray bit"|"icon"|"thumbnail"|"not audited";
  width: number|null;
  height: number|null;
  /** the address of its picture */
  image: string|null;
  error: Trouble|null;
  /** index of its group */
  group: number;
  /** in its group, from 0 */
  position: number;
  /** the 60xx group of an overlay */
  overlay: string|null;
  /** milliseconds for which a cine shows it, where the file says so */
  time: number|null;
  /** where a part of it was seen: rows of 0 and 1, at most 32 by 32 */
  map: string[]|null;
  /** places for which the page was led here: outlined */
  pointed: Edges[];
}

/** What a mark is that is no rectangle. */
export interface ShapeState {
  /** kind and points, as the command line has them */
  text: string;
  title: string;
  /** everything outside is black */
  keep: boolean;
  /** left, top, right, bottom of each box of black pixels, one behind the other */
  black: number[];
}

/** A rectangle of the plane on screen, stored or suggested. */
export interface RectState {
  /** its name within the file */
  id: string;
  /** null: a row of the database that is no rectangle */
  box: Edges|null;
  /** shown black */
  applied: boolean;
  /** in the database; otherwise a suggestion */
  stored: boolean;
  /** shown black, and not stored */
  preview: boolean;
  /** outlined */
  highlighted: boolean;
  source: string;
  scope: string;
  reason: string;
  text: string|null;
  verdict: "unknown"|"harmless"|"identifying";
  confidence: number|null;
  /** a suggestion over nothing but one flat value */
  empty?: boolean;
  /** hidden, or looked at by OCR and not taken for text */
  rejected?: boolean;
  /** the kind of text as which a release keeps it: outlined, and not black */
  kept?: string;
  who: string|null;
  when: string|null;
  /** what it is where that is no rectangle; box is only around it */
  shape: ShapeState|null;
}

/** The handled rectangle. */
export interface HandledState {
  box: Edges;
}

/** What is possible now. */
export interface CanState {
  /** what it would take back */
  undo: string|null;
  /** what it would do again */
  redo: string|null;
  write: boolean;
  next_frame: boolean;
  previous_frame: boolean;
  next_overlay: boolean;
  next_file: boolean;
  previous_file: boolean;
  apply_all: boolean;
}

/** What a step to the plane beside will lead to: the page may paint it before the answer. */
export interface NearState {
  plane: PlaneState;
  rects: RectState[];
  handled: HandledState|null;
  can: CanState;
}

/** Both steps. */
export interface Nearby {
  next: NearState|null;
  previous: NearState|null;
}

/** How planes are shown. */
export interface ViewOfPlane {
  rendering: "full"|"voi"|"local";
  inverted: boolean;
  /** marked rectangles are black */
  redacted: boolean;
  /** rejected candidates are shown */
  rejected: boolean;
}

/** A window that the user has saved. */
export interface WindowState {
  name: string;
  /** in the units of the file */
  center: number;
  width: number;
}

/** One setting. */
export interface OptionState {
  label: string;
  group: string;
  value: boolean;
}

/** A question: ``command`` and ``args`` are to be sent for yes. */
export interface QuestionState {
  text: string;
  command: string;
  args: Record<string, unknown>;
  yes: string;
  no: string;
  /** a second way to say yes */
  other?: string|null;
  other_args?: Record<string, unknown>|null;
}

/** Something to tell. */
export interface MessageState {
  text: string;
  /** a notice is info that stays */
  kind: "info"|"notice"|"warning"|"error";
  /** the same one is shown once */
  number: number;
  /** the rectangle that it is about, beside which it is shown */
  rect: string|null;
}

/** Files that were redacted from the page. */
export interface OutputsState {
  /** grows with every file whose redaction ends */
  revision: number;
  /** files whose redaction has ended, of all runs */
  count: number;
  running: boolean;
  /** files of the present or last run */
  total: number;
  /** of them those whose redaction has ended */
  through: number;
  /** of them those that were redacted and proved, or copied */
  good: number;
  /** whether this page began the run */
  own: boolean;
  folder: string|null;
  /** how far it is, or how it ended */
  words: string;
}

/** How far the look at all files of the list is, and a decision for several of them. */
export interface ClassesState {
  running: boolean;
  /** whether every file was looked at, and no more come */
  complete: boolean;
  /** how far it is */
  words: string;
  /** why no detector looks for text */
  problem: string|null;
  grouping: "kind"|"series";
  classes: number;
  /** files that have a class */
  sorted: number;
  /** files that were looked at */
  through: number;
  /** files of the list */
  total: number;
  deciding: boolean;
  /** files that the decision has been through */
  decided: number;
  to_decide: number;
}

/** The series of the open file, where its files are walked through as one stack. */
export interface StackState {
  /** tells one series from another, and nothing of it */
  series: string;
  /** of the open file in the stack, from 1 */
  number: number;
  total: number;
  order: "by position"|"by instance number"|"as in the list";
  /** whether the list was looked through */
  complete: boolean;
  words: string;
  /** what may be missing in it, in sentences; empty where nothing is */
  limits: string;
}

/** Where marks are kept. */
export interface DatabaseState {
  location: string;
  writable: boolean;
  /** that it holds no marks of earlier reviews, where somebody may have meant another */
  warning: string|null;
  notes: string[];
  /** grows when marks were stored anywhere */
  changes: number;
}

/** A list opened before, and the command that opens it again. */
export interface RecentList {
  label: string;
  command: string;
  args: Record<string, unknown>;
}

/** Everything that the page shows. */
export interface ViewState {
  /** grows with every change, also those of other sessions or in the background */
  revision: number;
  /** who marks */
  user: string;
  /** whether nothing can be marked */
  viewer: boolean;
  database: DatabaseState;
  worklist: WorklistState;
  file: FileState|null;
  groups: GroupState[];
  plane: PlaneState|null;
  view: ViewOfPlane;
  /** on this plane */
  rects: RectState[];
  /** the id of the suggestion that the next decision is about */
  chosen: string|null;
  /** the handled rectangle */
  handled: HandledState|null;
  can: CanState;
  near: Nearby;
  /** the settings by name */
  options: Record<string, OptionState>;
  /** what becomes of previews when a file is done */
  previews: "ask"|"store"|"leave";
  /** how keys and the wheel behave, by name: `held` (line, whole, small), `wheel` (planes, zoom), `cine` (file or a rate), `advance` (plane, file, stay) */
  choices: Record<string, string>;
  /** keys of the user's own, by command; the others have those of the table */
  bindings: Record<string, string[]>;
  /** saved for the modality of the open file */
  windows: WindowState[];
  question: QuestionState|null;
  message: MessageState|null;
  /** file id and key of planes that are likely wanted next */
  prefetch: [number, string][];
  /** how far a look for text on every plane is, in words; null where none goes on */
  reading: string|null;
  outputs: OutputsState;
  /** null before anybody asked for classes */
  classes: ClassesState|null;
  stack: StackState|null;
  /** true: every mark is in the database before its command is answered */
  saved: boolean;
  /** for the start page */
  recent: RecentList[];
  examples: boolean;
  /** whether the library for buckets is installed */
  has_s3: boolean;
}

/** One file of the list. */
export interface WorklistRow {
  /** null where the walk leaves the file out */
  index: number|null;
  file_id: number;
  name: string;
  short: string;
  state: "not reviewed"|"in work"|"done"|"tagged";
  tagged: boolean;
  problem: string|null;
  /** what of it could not be audited, by ocr or a person */
  gap: string|null;
  /** who finished it */
  done_by: string|null;
}

/** One element of the tag table. */
export interface TagRow {
  depth: number;
  tag: string;
  name: string;
  vr: string;
  /** cut at 120 characters */
  value: string;
}

/** One plane of a file's list. */
export interface PlaneEntry {
  index: number;
  /** the plane's name within the file */
  key: string;
  title: string;
  kind: "frame"|"overlay"|"embedded overlay"|"stray bit"|"icon"|"thumbnail"|"not audited";
  group: number;
  /** width and height */
  size: [number, number]|null;
  /** the strongest way in which it was seen; empty for none, and in a file that is not open */
  seen: string;
  /** how likely text is on it, 0 to 1 */
  heat: number;
  marks: Edges[];
}

/** One run of planes of a file of the series. */
export interface SeriesGroup {
  /** of its first plane */
  key: string;
  title: string;
  count: number;
  shown: boolean;
  reason: string|null;
}

/** One file of the open file's series. */
export interface SeriesFile {
  file_id: number;
  name: string;
  state: "not reviewed"|"in work"|"done"|"tagged";
  planes: number;
  unscanned_bits: boolean;
  groups: SeriesGroup[];
}

/** The files of the series among some places of the list. */
export interface SeriesList {
  files: SeriesFile[];
  /** the place to go on from, null at the end */
  next: number|null;
  total: number;
  /** files that could not be opened */
  failed: number;
}

/** What is black on every frame of a series. */
export interface StackMark {
  box: Edges;
  shape: ShapeState|null;
}

/** What can be drawn on the projection of a series. */
export interface StackMarks {
  marks: StackMark[];
}

/** One redacted file. */
export interface OutputRow {
  number: number;
  name: string;
  /** the last parts of the name */
  short: string;
  outcome: "done"|"copied unchanged"|"partly audited"|"text left"|"refused"|"failed";
  good: boolean;
  /** reasons, and the proof in words */
  words: string[];
  /** the file that was written */
  target: string|null;
}

/** One plane of a redacted file. */
export interface OutputPlane {
  /** the plane's name within the file */
  key: string;
  title: string;
  /** whether something is black in it that was asked for */
  changed: boolean;
}

/** Why files of a class stand apart, and how many. */
export interface ClassConcern {
  words: string;
  count: number;
}

/** Files of one kind. */
export interface ClassRow {
  number: number;
  /** modality, image type and size */
  title: string;
  /** manufacturer and model */
  device: string;
  /** number of the series among those of its kind */
  series: number|null;
  /** width and height of its frames */
  size: [number, number]|null;
  files: number;
  /** of them those that are not done */
  waiting: number;
  /** files that do not count as looking the same */
  apart: number;
  /** files in which nothing was found and that look like the others */
  same: number;
  /** files that were looked at */
  through: number;
  /** planes of these */
  planes: number;
  concerns: ClassConcern[];
  /** the file that is most like the others */
  file_id: number;
  /** its first frame */
  key: string;
  /** pixels of a plane for one of the pictures of the spread; null where there is none */
  scale: number|null;
  /** whether there was no room for pictures of the spread */
  crowded: boolean;
}

/** A part of the classes. */
export interface ClassList {
  total: number;
  rows: ClassRow[];
}

/** The files of a class, or of the list. */
export interface ClassFiles {
  /** those that stand apart first; at most 50,000 */
  ids: number[];
  /** how many these are */
  apart: number;
  total: number;
}

/** One file as a tile. */
export interface TileRow {
  file_id: number;
  name: string;
  short: string;
  state: "not reviewed"|"in work"|"done"|"tagged";
  tagged: boolean;
  problem: string|null;
  gap: string|null;
  /** the plane's name within the file */
  key: string;
  /** width and height of its frames */
  size: [number, number]|null;
  /** why it stands apart; empty where it looks like the others */
  concerns: string[];
  /** why not all of it could be looked at */
  reason: string|null;
  /** of the likeliest place of text, 0 to 1 */
  likelihood: number;
  /** what is marked on that plane */
  marks: Edges[];
  /** where text was found on it */
  found: Edges[];
}

/** One file or folder in the open dialog. */
export interface BrowseEntry {
  name: string;
  path: string;
  kind: "folder"|"file";
  size: number|null;
}

/** A folder in the open dialog. */
export interface Listing {
  path: string;
  /** the file that the path names: its folder is listed then */
  chosen: string|null;
  parent: string|null;
  entries: BrowseEntry[];
  /** entries that are not shown */
  left_off: number;
  roots: string[];
}

/** Commands that the page carries out, or begins with a dialog. */
export type PageCommand =
  | "open-files"
  | "open-folder"
  | "open-folder-recursive"
  | "open-database"
  | "open-s3"
  | "s3-download"
  | "s3-credentials"
  | "set-database"
  | "redact-file"
  | "redact-done"
  | "outputs"
  | "export-rects"
  | "export-tags"
  | "draw-fan"
  | "draw-polygon"
  | "comment"
  | "go-number"
  | "first-plane"
  | "last-plane"
  | "ten-back"
  | "ten-on"
  | "cine"
  | "find"
  | "bare"
  | "windows"
  | "info"
  | "grid"
  | "series"
  | "classes"
  | "projection"
  | "actual-size"
  | "fit"
  | "zoom-in"
  | "zoom-out"
  | "magnify"
  | "keep-zoom"
  | "turn-right"
  | "turn-left"
  | "mirror"
  | "fold-worklist"
  | "fold-panel"
  | "theme"
  | "menu"
  | "bind-keys"
  | "help";

/** Those of them that let people choose files or a folder. */
export type OpeningCommand =
  | "open-files"
  | "open-folder"
  | "open-folder-recursive"
  | "open-database"
  | "set-database"
  | "redact-file"
  | "redact-done";

/** What may be sent with a command. */
export interface CommandArguments {
  "open-files": { names?: string[]; recursive?: boolean };
  "open-folder": { path?: string; recursive?: boolean };
  "open-folder-recursive": { path?: string; recursive?: boolean };
  "open-database": { path?: string };
  "read-again": Record<string, never>;
  "open-examples": Record<string, never>;
  "set-database": { path?: string; password?: string };
  "redact-file": { path?: string; check_text?: boolean; confirm?: boolean; previews?: string; file_id?: number };
  "redact-done": { path?: string; check_text?: boolean };
  "stop-redaction": Record<string, never>;
  "quit": Record<string, never>;
  "toggle-ignore-done": Record<string, never>;
  "toggle-tagged-only": Record<string, never>;
  "toggle-redact-rules": Record<string, never>;
  "toggle-redact-ultrasound": Record<string, never>;
  "toggle-show-stored": Record<string, never>;
  "toggle-show-similar": Record<string, never>;
  "toggle-show-rules": Record<string, never>;
  "toggle-show-ultrasound": Record<string, never>;
  "mark": { box?: [number, number, number, number]; scope?: string };
  "mark-all-frames": { box?: [number, number, number, number]; id?: string };
  "copy-forwards": { box?: [number, number, number, number]; id?: string };
  "mark-group": { file_id?: number; group?: number; box?: [number, number, number, number] };
  "mark-all-planes": { box?: [number, number, number, number] };
  "mark-series": { box?: [number, number, number, number]; id?: string; confirm?: boolean; file_id?: number };
  "keep-region": { box?: [number, number, number, number] };
  "keep-region-frames": { box?: [number, number, number, number] };
  "mark-shape": { text?: string; scope?: string; id?: string };
  "apply-all": Record<string, never>;
  "apply-all-frames": Record<string, never>;
  "next-suggestion": Record<string, never>;
  "previous-suggestion": Record<string, never>;
  "accept": { id?: string };
  "accept-frames": { id?: string };
  "reject": { id?: string };
  "apply-one": { id?: string; scope?: string };
  "reject-one": { id?: string };
  "remove-rect": { id?: string };
  "clear-file": Record<string, never>;
  "tag": { previews?: string; file_id?: number };
  "comment": { text?: string; previews?: string; file_id?: number };
  "stop-deciding": Record<string, never>;
  "ocr": Record<string, never>;
  "ocr-all": Record<string, never>;
  "undo": Record<string, never>;
  "redo": Record<string, never>;
  "previews-store": Record<string, never>;
  "previews-ask": Record<string, never>;
  "previews-leave": Record<string, never>;
  "next-frame": Record<string, never>;
  "previous-frame": Record<string, never>;
  "next-overlay": Record<string, never>;
  "next-unseen": Record<string, never>;
  "done-next": { confirm?: boolean; previews?: string; file_id?: number };
  "done-series": { confirm?: boolean };
  "skip-series": { value?: string|boolean };
  "next-suspicious": Record<string, never>;
  "next-file": Record<string, never>;
  "previous-file": Record<string, never>;
  "go-file": { index?: number; file_id?: number; key?: string };
  "come-back": { mark?: string; key?: string; opened?: boolean };
  "go-plane": { index?: number; key?: string };
  "walk-list": { status?: string|null; text?: string };
  "filter": { status?: string|null; text?: string };
  "show-redacted": Record<string, never>;
  "hide-redacted": Record<string, never>;
  "rejected": Record<string, never>;
  "voi": Record<string, never>;
  "local-contrast": Record<string, never>;
  "rendering": { value?: string|boolean };
  "invert": Record<string, never>;
  "stop-survey": Record<string, never>;
  "held-line": Record<string, never>;
  "held-whole": Record<string, never>;
  "held-small": Record<string, never>;
  "advance-plane": Record<string, never>;
  "advance-file": Record<string, never>;
  "advance-stay": Record<string, never>;
  "series-files": Record<string, never>;
  "series-stack": Record<string, never>;
  "wheel-planes": Record<string, never>;
  "wheel-zoom": Record<string, never>;
  "cine-file": Record<string, never>;
  "cine-2": Record<string, never>;
  "cine-5": Record<string, never>;
  "cine-10": Record<string, never>;
  "cine-15": Record<string, never>;
  "cine-30": Record<string, never>;
  "cine-60": Record<string, never>;
  "cursor": { box?: [number, number, number, number] };
  "cursor-drag": { handle?: string; start?: [number, number, number, number]; dx?: number; dy?: number };
  "set-option": { name?: string; value?: string|boolean };
  "seen": { file_id?: number; group?: number; ticket?: string; shown?: string[]|number[]; value?: string|boolean };
  "walk": { file_id?: number; key?: string };
  "save-window": { name?: string; center?: number; width?: number };
  "forget-window": { name?: string };
  "set-keys": { keys?: Record<string, string[]> };
  "suggest": Record<string, never>;
  "survey": { value?: string|boolean; group?: number };
  "decide": { value?: string|boolean; shown?: string[]|number[]; box?: [number, number, number, number]; confirm?: boolean };
  "dismiss": Record<string, never>;
}
