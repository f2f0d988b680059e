// The head of a page: its question, the answer for what is on screen, why, and the equations.

import { element, fill, say } from "./element.js"
import { explain } from "./glossary.js"

export class Head {
  /** @param {"h1" | "h2"} level of its question: the page's, or that of what stands below */
  constructor(level) {
    this.question = element(level)
    this.answer = element("p", { className: "lab-answer" })
    this.reasons = element("div")
    this.why = element("details", { className: "lab-why" }, [element("summary", { textContent: "why?" }), this.reasons])
    this.equations = element("div", { className: "lab-equations" })
    this.node = element("header", { className: "lab-head" }, [this.question, this.answer, this.why, this.equations])
    this.shape = ""
  }

  /** @param {import("./data").Head} head
   * @param {boolean} settled whether no hand is on a control: an answer that still changes is not spoken */
  update({ question, answer, why, equations }, settled) {
    this.answer.ariaLive = settled ? "polite" : "off"
    this.node.hidden = !question && !answer
    // A page has one heading of the first level, so that an empty one is none.
    if (!question) this.question.remove()
    else if (!this.question.parentElement) this.node.prepend(this.question)
    say(this.question, question)
    explain(this.answer, answer)
    this.why.hidden = !why.length
    fill(this.reasons, why, "p", explain)
    this.equations.hidden = !equations.length
    const shape = JSON.stringify(equations.map(({ name, parts }) => [name, parts.map(unvalued)]))
    if (shape !== this.shape) this.equations.replaceChildren(...equations.map(written))
    this.shape = shape
    const values = equations.flatMap(({ parts }) => parts.flatMap((part) => (typeof part === "string" ? [] : [part])))
    for (const [i, node] of this.equations.querySelectorAll("rt").entries()) say(node, values[i].value)
  }
}

/** @param {string | import("./data").Symbol} part */
const unvalued = (part) => (typeof part === "string" ? part : [part.symbol, part.field])

/** Return an equation as it is written, each symbol with its value above.
 * @param {import("./data").Equation} equation */
function written({ name, parts }) {
  const nodes = parts.map((part) => (typeof part === "string" ? part : ruby(part)))
  return element("p", {}, [element("span", { className: "lab-equation-name", textContent: name }), ...nodes])
}

/** @param {import("./data").Symbol} symbol */
function ruby({ symbol, field }) {
  const node = element("ruby", { tabIndex: field ? 0 : -1, dataset: { lights: field } }, [symbol, element("rt")])
  const light = (/** @type {boolean} */ whether) => {
    for (const slider of document.querySelectorAll(`.lab-slider[data-field="${field}"]`))
      slider.classList.toggle("lab-lit", whether)
  }
  for (const event of ["pointerenter", "focus"]) node.addEventListener(event, () => light(true))
  for (const event of ["pointerleave", "blur"]) node.addEventListener(event, () => light(false))
  return node
}
