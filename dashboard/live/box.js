// Text among controls, and boxes for it.

import { element, say } from "./element.js"
import { report } from "./messages.js"

export function text() {
  const node = element("p", { className: "lab-text" })
  return { node, update: (next) => say(node, next.label) }
}

/** A box for a text or a number: what is typed stays, and a sentence below says what is wrong with it. */
export function box(item, send) {
  const typed = element("input", { type: "text", autocomplete: "off", spellcheck: false })
  const problem = element("p", { className: "lab-problem", role: "status" })
  const name = element("span", { className: "lab-name" }, [
    element("b", { textContent: item.symbol }),
    item.symbol ? ` ${item.label}` : item.label,
  ])
  const node = element("div", { className: "lab-box", dataset: { field: item.field } }, [
    element("label", {}, [name, typed]),
    problem,
  ])
  typed.addEventListener("change", (event) => report(event, send(), { [item.field]: typed.value }, true))
  typed.addEventListener("keydown", (event) => {
    if (event.key === "Enter") typed.blur()
  })
  const update = (next) => {
    say(problem, next.problem)
    problem.hidden = !next.problem
    typed.ariaInvalid = String(Boolean(next.problem))
    if (document.activeElement !== typed) typed.value = next.value
  }
  return { node, update }
}
