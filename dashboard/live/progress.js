// How far one has come in each lesson: kept in this browser alone.

const KEY = "inverse-lab-lessons"

/** Return the step and the marks of each lesson that was begun, as its link names them.
 * @returns {Record<string, string>} */
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}")
    return found && typeof found === "object" ? found : {}
  } catch {
    return {} // a browser that keeps nothing, or something else under this name
  }
}

// How much each mark of a step says: nothing is known of it, it was missed once; every other one settles it.
const SAYS = { "-": 0, t: 1 }
const says = (mark) => SAYS[mark] ?? 2

/** Keep how far one is in a lesson; what was answered before stays so where the step is opened anew.
 * @param {string} lesson
 * @param {string} text */
export function remember(lesson, text) {
  const [name, step, marks] = text.split(".")
  const before = marksOf(kept()[lesson], marks.length)
  const merged = [...marks].map((mark, i) => (says(mark) < says(before[i]) ? before[i] : mark)).join("")
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...kept(), [lesson]: [name, step, merged].join(".") }))
  } catch {
    // The link still holds it.
  }
}

/** Return how far one is in a lesson: the text to go on with, and how many steps are done.
 * @param {string} lesson
 * @param {number} steps of the lesson */
export function progressIn(lesson, steps) {
  const text = kept()[lesson]
  const marks = [...marksOf(text, steps)]
  return { text: marks.some(says) ? text : lesson, done: marks.filter((mark) => says(mark) === 2).length }
}

/** Return the marks of the steps in a text, or untouched ones where it has none.
 * @param {unknown} text
 * @param {number} steps */
function marksOf(text, steps) {
  const marks = typeof text === "string" ? (text.split(".")[2] ?? "") : ""
  return marks.length === steps ? marks : "-".repeat(steps)
}
