// What is said of the last change: over the page, so that nothing moves, until it is closed or something else changes.

import { element, fill } from "./element.js"
import { explain } from "./glossary.js"

export class Alerts {
  constructor() {
    this.answers = 0
    this.closed = -1 // the sequence number of the change whose sentences were closed
    this.sentences = element("div")
    const close = element("button", { type: "button", className: "lab-close", textContent: "×", ariaLabel: "Close" })
    close.addEventListener("click", () => {
      this.closed = this.answers
      this.node.hidden = true
    })
    this.node = element("div", { className: "lab-notes lab-alerts", role: "status" }, [this.sentences, close])
  }

  /** @param {string[]} sentences
   * @param {number} answers the sequence number of the change that they are about */
  update(sentences, answers) {
    this.answers = answers
    fill(this.sentences, sentences, "p", explain)
    this.node.hidden = !sentences.length || answers === this.closed
  }
}
