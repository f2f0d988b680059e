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

/** Keep how far one is in a lesson.
 * @param {string} lesson
 * @param {string} text */
export function remember(lesson, text) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...kept(), [lesson]: text }))
  } catch {
    // The link still holds it.
  }
}

/** Return how far one is in a lesson: the text to go on with, and how many steps are done.
 * @param {string} lesson
 * @param {number} steps of the lesson */
export function progressIn(lesson, steps) {
  const text = kept()[lesson] ?? ""
  const marks = typeof text === "string" ? (text.split(".")[2] ?? "") : ""
  if (marks.length !== steps) return { text: lesson, done: 0 }
  return { text, done: [...marks].filter((mark) => mark !== "-").length }
}
