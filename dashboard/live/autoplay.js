// During a lecture the start page plays by itself while nobody touches it: its slider goes to and fro. What was there
// comes back with the first touch.

import { isLecture } from "./theme.js"

const IDLE_MS = 30_000 // without a touch, after which it plays
const STEP_MS = 150
const PERIOD_MS = 24_000 // to the other end of the slider and back

const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel"]
// Above the plots, where it stands on the start page alone.
const SLIDER = '.lab-options .lab-slider[data-field="candidate_theta0"] input[type="range"]'

let touched = 0 // when somebody did last
/** @type {{ range: HTMLInputElement, value: string, since: number } | null} */
let playing = null

/** Return where a knob stands that goes to and fro between two ends, from a share of the way on.
 * @param {number} low
 * @param {number} high
 * @param {number} turns
 * @param {number} from share of the way at which it begins, upwards */
export function placeAt(low, high, turns, from) {
  const share = Math.abs(((turns + from / 2 + 1) % 1) * 2)
  return low + (high - low) * (share > 1 ? 2 - share : share)
}

/** @param {HTMLInputElement} range
 * @param {string} value
 * @param {"input" | "change"} type of the event by which the slider hears of it */
function move(range, value, type) {
  range.value = value
  range.dispatchEvent(new Event(type, { bubbles: true }))
}

function stop() {
  if (!playing) return
  const { range, value } = playing
  playing = null
  if (range.isConnected) move(range, value, "change")
}

function play() {
  if (!isLecture()) return stop()
  const range = /** @type {HTMLInputElement | null} */ (document.querySelector(SLIDER))
  const mayMove = !matchMedia("(prefers-reduced-motion: reduce)").matches
  const now = performance.now()
  if (!range || !mayMove || document.hidden || now - touched < IDLE_MS) return stop()
  playing ??= { range, value: range.value, since: now }
  const [low, high] = [Number(range.min), Number(range.max)]
  const from = (Number(playing.value) - low) / (high - low)
  move(range, String(placeAt(low, high, (now - playing.since) / PERIOD_MS, from)), "input")
}

/** Begin to look whether anybody touches the page. */
export function watchForIdleness() {
  for (const type of TOUCHES)
    document.addEventListener(
      type,
      (event) => {
        if (!event.isTrusted) return
        touched = performance.now()
        stop()
      },
      true,
    )
  setInterval(play, STEP_MS)
}
