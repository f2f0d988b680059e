// The frame of the page: the lecture mode, and the sidebar that opens on a narrow window.

import { element } from "./element.js"
import { isLecture } from "./theme.js"

const page = document.documentElement
let hidden = false // whether the truth was hidden before the lecture

/** Return the check box that hides the truth; there is none on a page without a truth.
 * @returns {HTMLInputElement | null} */
const hideTruth = () => document.querySelector('.lab-toggle[data-field="hidden"]:not([hidden]) input')

/** Show the page to a class, or end that: the sidebar folds, text and plots grow, and the truth is hidden. */
export function toggleLecture() {
  const box = hideTruth()
  const begins = page.toggleAttribute("data-lab-lecture")
  if (begins) hidden = Boolean(box?.checked)
  if (box && box.checked !== (begins || hidden)) box.click()
  if (begins) document.querySelector('[data-testid="stApp"]')?.append(end)
  else end.remove()
  document.dispatchEvent(new Event("inverse-lab-resized"))
}

// The sidebar, and its button with it, is folded during a lecture.
const end = element("button", {
  type: "button",
  className: "lab-end",
  textContent: "End lecture (Esc)",
  onclick: toggleLecture,
})

/** Say whether keys are typed into what has the focus.
 * @param {EventTarget | null} target */
export const isTyped = (target) =>
  target instanceof HTMLElement &&
  target.matches("input:not([type=range], [type=checkbox], [type=radio]), textarea, select")

document.addEventListener("keydown", (event) => {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z"
  if (isUndo && !event.repeat && !isTyped(event.target) && !isLecture()) {
    event.preventDefault()
    const undo = /** @type {HTMLButtonElement | null} */ (document.querySelector('.lab-button[data-field="undo"]'))
    if (undo && !undo.hidden) undo.click()
  }
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTyped(event.target)) return
  if (event.key === "l" || event.key === "L") toggleLecture()
  if (event.key === "Escape" && isLecture()) toggleLecture()
})

/** Return the button that opens the sidebar on a window too narrow to show it beside the page. */
export function drawer() {
  const button = element("button", { type: "button", className: "lab-button lab-drawer", textContent: "Controls" })
  button.setAttribute("aria-expanded", "false")
  button.addEventListener("click", () => {
    button.setAttribute("aria-expanded", String(page.toggleAttribute("data-lab-drawer")))
  })
  return button
}
