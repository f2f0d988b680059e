// A large button with a title and a sentence.

import { element } from "./element.js"
import { report } from "./messages.js"
import { progressIn } from "./progress.js"

/** @param {import("./data").Item} item
 * @param {() => import("./data").Send} send */
export function card(item, send) {
  const title = element("b", { textContent: item.label })
  const node = element("button", { type: "button", className: "lab-card", dataset: { field: item.field } }, [
    title,
    element("span", { textContent: item.text }),
  ])
  const come = item.resumes ? progressIn(item.resumes, item.steps ?? 0) : { text: item.value, done: 0 }
  if (come.done) node.append(element("em", { textContent: `${come.done} of ${item.steps} steps done` }))
  node.addEventListener("click", (event) => report(event, send(), { [item.field]: come.text }, true))
  return { node, update: () => {} }
}
