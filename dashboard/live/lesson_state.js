// What a lesson allows and covers on the page, and what is drawn over the plots for it.

/** @typedef {{ plot: string, role: string, label: string, places: [number, number][] }} Mark */

const PARTS = { table: "lab-table-frame" } // of a stage, whose class is not their name

/** @type {CSSStyleSheet | undefined} */
let sheet // of what is covered, which plots that come later obey too

function adopted() {
  if (!sheet) {
    sheet = new CSSStyleSheet()
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
  }
  return sheet
}

const state = {
  free: /** @type {Set<string> | null} */ (null), // fields that can be moved; null outside of a lesson
  covers: /** @type {string[]} */ ([]), // plots and parts that are grey
  shows: /** @type {import("./data").LessonData["shows"]} */ (null), // what alone stands
  races: true, // whether the player of the race stands
  lit: /** @type {string[]} */ ([]), // fields of the sliders that are to be moved
  marks: /** @type {Mark[]} */ ([]),
  taker: /** @type {{ plot: string, take: (place: { x: number, y: number }) => void } | null} */ (null),
}

/** Tell what the lesson allows: which controls are free, which plots and parts are covered.
 * @param {string[] | null} free null where no lesson is attended
 * @param {string[]} covers
 * @param {boolean} [races] whether the player of the race stands
 * @param {import("./data").LessonData["shows"]} [shows] the plots and parts that alone stand */
export function allow(free, covers, races = false, shows = null) {
  Object.assign(state, { free: free && new Set(free), covers, races: races || !free, shows })
  document.documentElement.toggleAttribute("data-lab-lesson", free !== null)
  restyle()
  document.dispatchEvent(new Event("inverse-lab-allowed"))
}

/** Bring the rules of what is covered, of the race's player and of the plot that is asked about up to date. */
function restyle() {
  const rules = state.races ? [] : [".lab-race { display: none; }"]
  if (state.taker)
    rules.push(
      `.lab-plot[data-plot="${state.taker.plot}"] { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }`,
    )
  if (state.shows) {
    // What is left out keeps a size, with which it can be drawn.
    const { names, wide, narrow } = state.shows
    rules.push(
      `.lab-plots[data-layout] { grid-template: ${wide}; min-height: 0; }
       @media (max-width: 66rem) { .lab-plots[data-layout] { grid-template: ${narrow}; } }
       .lab-plots[data-layout] > :not(${names.map(selector)}) { position: absolute; width: 20rem; height: 12rem;
         visibility: hidden; overflow: hidden; }
       .lab-plots[data-layout] > :not(${names.map(selector)}) * { visibility: hidden; }`,
    )
  }
  if (state.covers.length) {
    const covered = `:is(${state.covers.map(selector)})`
    rules.push(
      `${covered} { position: relative; pointer-events: none; }
       ${covered}::after { content: "after your answer"; position: absolute; inset: 0; z-index: 6; display: grid;
         place-items: center; border-radius: 8px; color: var(--lab-muted); opacity: 1; transform: none; max-width: none;
         background: var(--st-secondary-background-color); }
       ${covered} > * { visibility: hidden; }`,
    )
  }
  adopted().replaceSync(rules.join("\n"))
}

/** Return the selector of a plot, or of a part of the stage.
 * @param {string} name */
const selector = (name) => `.lab-plot[data-plot="${name}"], .lab-plots > .${PARTS[name] ?? `lab-${name}`}`

/** Say whether the player of the race stands. */
export const hasPlayer = () => state.races

/** Say whether a control stands on the page now: no text does during a lesson, nor a button that gives an answer away.
 * @param {{ field: string, gives_away?: boolean }} item */
export const isFree = ({ field, gives_away = false }) => !state.free || (state.free.has(field) && !gives_away)

/** Point at the sliders of some fields, and at no other.
 * @param {string[]} fields */
export function light(fields) {
  state.lit = fields
  document.dispatchEvent(new Event("inverse-lab-allowed"))
}

/** Say whether the lesson points at the slider of a field.
 * @param {string} field */
export const isLit = (field) => state.lit.includes(field)

/** Let the next clicks on a plot be an answer; null: they are what they are outside of a lesson.
 * @param {typeof state.taker} taker */
export function takeFrom(taker) {
  state.taker = taker
  restyle()
}

/** Give a place in a plot to the lesson, and say whether it takes it.
 * @param {string} plot
 * @param {{ x: number, y: number }} place */
export function taken(plot, place) {
  if (state.taker?.plot !== plot) return false
  state.taker.take(place)
  return true
}

/** Draw marks over the plots, in place of those before.
 * @param {Mark[]} marks */
export function draw(marks) {
  state.marks = marks
  document.dispatchEvent(new Event("inverse-lab-marked"))
}

/** Return the marks over a plot.
 * @param {string} plot */
export const marksOn = (plot) => state.marks.filter((mark) => mark.plot === plot)
