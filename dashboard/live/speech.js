// One place of the page where screen readers hear what else is only seen.

import { element, say } from "./element.js"

/** @type {HTMLElement | undefined} */
let spoken

/** @param {string} sentence */
export function tell(sentence) {
  spoken ??= element("div", { className: "lab-spoken", role: "status" })
  if (!spoken?.isConnected) document.body.append(/** @type {HTMLElement} */ (spoken))
  say(spoken, sentence)
}
