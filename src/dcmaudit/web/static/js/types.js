/**
 * The shapes that cross between server and page. Python decides, the page paints; docs/web-api.md describes them.
 *
 * @typedef {[number, number, number, number]} Edges  left, top, right, bottom; half-open pixels of the plane
 *
 * @typedef {object} Command
 * @property {string} name
 * @property {string|null} key
 * @property {string[]} keys
 * @property {string} label
 * @property {string} help
 * @property {string} menu
 * @property {string} group
 * @property {boolean} writes
 * @property {"server"|"page"} where
 * @property {string|null} toggles
 *
 * @typedef {{message: string, hint?: string|null}} Trouble
 *
 * @typedef {object} Painted  what was on the stage, for the server to judge
 * @property {number} file_id
 * @property {string} key
 * @property {string} ticket
 * @property {number} scale  pixels of the screen for a pixel of the plane
 * @property {[number, number]} stage  width and height in pixels of the screen
 * @property {Edges[]} boxes  parts of the plane that were in sight
 *
 * @typedef {object} WorklistState
 * @property {number|null} index
 * @property {number|null} number
 * @property {number} total
 * @property {boolean} growing
 * @property {number} [found]
 * @property {number} left
 * @property {number} passed_over
 * @property {number} problem_count
 * @property {{name: string, message: string}[]} problems
 * @property {{name: string, message: string}[]} not_opened
 * @property {string|null} folder
 *
 * @typedef {object} FileState
 * @property {number} file_id
 * @property {string} name
 * @property {string} short
 * @property {string} state
 * @property {boolean} tagged
 * @property {string|null} done_by  who finished it
 * @property {string} comment
 * @property {Trouble|null} error
 * @property {string|null} [modality]
 * @property {string|null} [model]
 * @property {boolean} opening
 * @property {number} seen
 * @property {number} partly
 * @property {number} glanced
 * @property {boolean} stored  whether what is seen is kept at all
 * @property {number} planes
 * @property {boolean} unscanned_bits
 * @property {[number, number]|null} bits_progress
 * @property {boolean} suggesting
 * @property {number} previews  areas of the whole file that are shown black and not stored
 * @property {string|null} gap  what of it could not be audited, as far as it is known
 * @property {boolean} changed
 * @property {string[]} reading
 * @property {string[]} [notes]
 *
 * @typedef {object} GroupState
 * @property {number} index
 * @property {string} kind
 * @property {string} title
 * @property {number} start
 * @property {number} count
 * @property {[number, number][]} seen
 * @property {number[]} partly
 * @property {[number, number][]} skipped
 * @property {[number, number][]} glanced
 * @property {[number, number, number][]} heat
 * @property {number[]} marked
 * @property {string|null} reason
 *
 * @typedef {object} PlaneState
 * @property {number} index
 * @property {number} number
 * @property {string} key
 * @property {string} title
 * @property {string} kind
 * @property {number|null} width
 * @property {number|null} height
 * @property {string|null} image
 * @property {Trouble|null} error
 * @property {number} group
 * @property {number} position
 * @property {string|null} overlay
 * @property {string[]|null} map  what was seen of it where that is a part: rows of 0 and 1
 *
 * @typedef {object} RectState
 * @property {string|number} id
 * @property {Edges|null} box  null: a summary row without a rectangle
 * @property {boolean} applied  black at the moment
 * @property {boolean} stored  a mark of the database (otherwise a suggestion, perhaps one that rules blacken)
 * @property {boolean} preview  black at the moment and no mark: hatched, with words
 * @property {boolean} highlighted
 * @property {string} source
 * @property {string} scope
 * @property {string} reason
 * @property {string|null} text
 * @property {string} verdict
 * @property {number|null} [confidence]
 * @property {boolean} [empty]  a suggestion over nothing but one flat value
 * @property {boolean} [rejected]  looked at by OCR and not taken for text
 * @property {string|null} [who]
 * @property {string|null} [when]
 *
 * @typedef {object} OptionState
 * @property {string} label
 * @property {string} group
 * @property {boolean|string} value
 *
 * @typedef {object} Question
 * @property {string} text
 * @property {string} command
 * @property {Record<string, unknown>} args
 * @property {string} yes
 * @property {string} no
 * @property {string|null} [other]  a second way to say yes
 * @property {Record<string, unknown>|null} [other_args]
 *
 * @typedef {{plane: PlaneState, rects: RectState[], cursor: {box: Edges}, can: Record<string, unknown>}} NearState
 *
 * @typedef {object} ViewState
 * @property {number} revision
 * @property {string} user
 * @property {boolean} viewer
 * @property {{location: string, writable: boolean, notes?: string[], changes: number}|null} database
 * @property {WorklistState} worklist
 * @property {FileState|null} file
 * @property {GroupState[]} groups
 * @property {PlaneState|null} plane
 * @property {{rendering: string, inverted: boolean, redacted: boolean, rejected: boolean}} view
 * @property {RectState[]} rects
 * @property {{box: Edges}|null} cursor
 * @property {Record<string, unknown>} can
 * @property {{next: NearState|null, previous: NearState|null}} near
 * @property {Record<string, OptionState>} options
 * @property {string} previews  what becomes of previews when a file is done: ask, store, leave
 * @property {Question|null} question
 * @property {{text: string, kind: "info"|"warning"|"error", number: number}|null} message
 * @property {[number, string][]} prefetch
 * @property {boolean} saved
 * @property {{label: string, command: string, args: Record<string, unknown>}[]} [recent]
 * @property {boolean} [examples]
 * @property {boolean} [has_s3]  whether the library for buckets is installed
 *
 * @typedef {Omit<RectState, 'box'> & {box: Edges}} DrawnRect  a rectangle that can be drawn
 *
 * @typedef {object} WorklistRow
 * @property {number|null} index
 * @property {number} file_id
 * @property {string} name
 * @property {string} short
 * @property {string} state
 * @property {boolean} tagged
 * @property {string|null} problem
 * @property {string|null} gap  what of it could not be audited, by ocr or a person
 * @property {string|null} done_by  who finished it
 *
 * @typedef {{depth: number, tag: string, name: string, vr: string, value: string}} TagRow
 * @typedef {{index: number, key: string, title: string, kind: string, group: number}} PlaneEntry
 * @typedef {{key: string, title: string, count: number, shown: boolean, reason: string|null}} SeriesGroup
 * @typedef {{file_id: number, name: string, state: string, planes: number, unscanned_bits: boolean, groups: SeriesGroup[]}} SeriesFile
 * @typedef {{name: string, path: string, kind: "folder"|"file", size: number|null}} BrowseEntry
 * @typedef {{path: string, chosen: string|null, parent: string|null, entries: BrowseEntry[], roots: {name: string, path: string}[]|string[], left_off: number}} Listing
 */

export {};
