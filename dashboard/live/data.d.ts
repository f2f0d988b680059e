// What travels between the server and the browser, as __init__.py and the live route write it.

/** New values by field. */
export type Changes = Record<string, unknown>

/** Report a change to Streamlit. */
export type Send = (report: { sequence: number; changes: Changes; final: boolean }) => void

/** What the live route needs to know of a settled page. */
export interface Live {
  page: string
  key: string
  address: string
}

/** A control: its kind says which of the rest it has. */
export interface Item {
  kind:
    | "slider"
    | "toggle"
    | "choice"
    | "tabs"
    | "several"
    | "chooser"
    | "button"
    | "card"
    | "progress"
    | "text"
    | "box"
  field: string
  label: string
  // biome-ignore lint/suspicious/noExplicitAny: a number, a text, a list or a truth value, by kind
  value: any
  help?: string
  // biome-ignore lint/suspicious/noExplicitAny: pairs of value and label, or the looks of what can be ticked
  options?: any[]
  text?: string
  resumes?: string // the lesson that a card opens, where one left off
  steps?: number // of that lesson
  copy?: boolean
  gives_away?: boolean // whether a button shows what a lesson may ask
  lecture?: boolean
  locked?: boolean // whether an exercise lets nobody change it
  primary?: boolean // whether a button is what its form is for
  idle?: boolean // whether a button has nothing to do now
  symbol: string
  unit: string
  low: number
  high: number
  step: number
  default: number
  digits: number
  typed_only?: boolean
  logarithmic?: boolean // whether the slider moves the logarithm of the number
  twin?: [string, number] // what else the number is, and by what it is multiplied for that
  problem?: string
  names?: string[] // that a chooser lists; not sent while a hand is on a control
  most?: number // of them that can be ticked
}

/** Controls that stand together, in so many columns; those of a closed group unfold. */
export interface Group {
  title: string
  items: Item[]
  closed?: boolean
  columns?: number
}

interface Common {
  name: string
  live?: Live | null
  answers: number
  /** sequence number of the last change that the server has taken; not with a drag */
  knows: number
  address?: string
}

export interface ControlsData extends Common {
  kind: "controls"
  groups: Group[]
  inline: boolean
}

/** Numbers as Plotly takes them: base64 of little-endian floats. */
export interface TypedArray {
  dtype: string
  bdata: string
}

// biome-ignore lint/suspicious/noExplicitAny: a trace or a shape of Plotly
export type Part = any

export interface Figure {
  data: Part[]
  layout: Part
}

/** The course of a line that has moved, or the image of a heat map and the middles of its cells. */
export interface Course {
  x?: TypedArray
  y: TypedArray
  x0?: number
  dx?: number
  meta?: { image: string }
}

/** A plot: a figure, or what of the drawn one has moved, or nothing where it is kept. */
export interface PlotSpec {
  id: string
  stale: boolean
  kept?: boolean
  figure?: Figure
  moved?: { data: (Course | null)[]; shapes: Part[]; annotations: Part[] }
  version: number
  skeleton: number
  click?: { point?: string; both?: string; x?: string; y?: string }
  handles?: Handle[]
}

/** A point that can be dragged, and the fields that this sets, of which one can be empty. */
export interface Handle {
  at: [number, number]
  x: string
  y: string
}

export interface RaceData {
  id: string
  begin: string
  hint: string
  tools: Item[]
  /** what the clock counts, as one of them is called */
  counts: string
}

/** The player of a neuron: ms of it in each second, and whether it plays once by itself. */
export interface ClockData {
  tempo: number
  begins: boolean
}

export type Cell =
  | string
  | { text: string; colour?: string; hollow?: boolean; help?: string; change?: Changes; until?: number; shade?: number }

/** Grid templates of a wide and of a narrow window, the least height, and the names of styles. */
export interface Grid {
  wide: string
  narrow: string
  least: string
  looks: string[]
}

/** A symbol in an equation, its value on screen, and the field of the slider that it lights. */
export interface Symbol {
  symbol: string
  value: string
  field: string
}

export interface Equation {
  name: string
  parts: (string | Symbol)[]
}

/** What stands above the plots: the question, its answer, why, and the equations. */
export interface Head {
  question: string
  answer: string
  why: string[]
  equations: Equation[]
}

export interface PlotsData extends Common, Head {
  kind: "plots"
  layout: string
  grid: Grid
  options: Group[]
  plots: PlotSpec[]
  metrics: [string, string, string][]
  table: Cell[][]
  said: string[]
  notes: string[]
  /** how many of the notes, from the first one on, are about the last change */
  alerts: number
  race: RaceData | null
  clock: ClockData | null
  tools: Item[]
  settled: boolean
  stale: boolean
}

/** The step of a lesson that is shown. */
export interface LessonData extends Common {
  kind: "lesson"
  title: string
  lesson: string
  text: string
  step: number
  steps: { title: string; mark: string }[]
  paragraphs: string[]
  free: string[]
  races: boolean
  covers: string[]
  /** the plots and parts that alone stand, and the templates of their grid; null for the grid of the page */
  shows: { names: string[]; wide: string; narrow: string } | null
  /** the page that the step stands on, where another one is shown */
  elsewhere: string
  // biome-ignore lint/suspicious/noExplicitAny: by its kind
  question: any
  answered: boolean
  verdict: { outcome: string; word: string; said: string } | null
  /** after a first answer that is not right, "" otherwise */
  hint: string
  marks: { plot: string; role: string; label: string; places: [number, number][] }[]
  /** the answers of a class, where they are watched: how many there are, and how many of each */
  others: { n: number; counts: [string, number][] } | null
  note: string
  last: boolean
  following: string
  score: string
}

export type Data = ControlsData | PlotsData | LessonData

/** What the exchange asks of a component on the page. */
export interface Component {
  /** Return the skeleton of what each plot shows now. */
  skeletons(): Record<string, number>
  /** Draw the answer of the live route: the component's data, where it has any, and new values of controls. Rejects
   * where drawing fails. */
  show(data: Data | undefined, values: Changes): Promise<void>
  /** Show a sentence above the plots, or take it away with "". Returns false where the component has no plots. */
  note(sentence: string): boolean
}

declare global {
  interface Window {
    // biome-ignore lint/suspicious/noExplicitAny: Plotly brings no types
    Plotly: any
  }
}
