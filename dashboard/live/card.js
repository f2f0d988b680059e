// A large button with a title and a sentence.

import { element } from "./element.js"
import { report } from "./messages.js"

/** @param {import("./data").Item} item
 * @param {() => import("./data").Send} send */
export function card(item, send) {
  const title = element("b", { textContent: item.label })
  const node = element("button", { type: "button", className: "lab-card", dataset: { field: item.field } }, [
    title,
    element("span", { textContent: item.text }),
  ])
  node.addEventListener("click", (event) => report(event, send(), { [item.field]: item.value }, true))
  return { node, update: () => {} }
}
