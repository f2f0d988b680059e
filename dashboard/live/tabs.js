// A row of buttons of which one is pressed: radio buttons, so that the arrow keys move along it.

import { element } from "./element.js"
import { report } from "./messages.js"

let made = 0

/** @param {import("./data").Item} item
 * @param {() => import("./data").Send} send */
export function tabs(item, send) {
  made += 1
  const choices = (item.options ?? []).map(([value, label]) => {
    const radio = /** @type {HTMLInputElement} */ (element("input", { type: "radio", name: `lab-tabs-${made}`, value }))
    radio.addEventListener("change", (event) => report(event, send(), { [item.field]: value }, true))
    return { radio, node: element("label", {}, [radio, element("span", { textContent: label })]) }
  })
  const row = element(
    "div",
    { className: "lab-tabs", role: "radiogroup", ariaLabel: item.label },
    choices.map(({ node }) => node),
  )
  const node = element("div", { className: "lab-tabbed", dataset: { field: item.field }, title: item.help ?? "" }, [
    element("span", { textContent: item.label, ariaHidden: "true" }),
    row,
  ])
  return {
    node,
    /** @param {import("./data").Item} next */
    update: (next) => {
      for (const { radio } of choices) radio.checked = radio.value === next.value
    },
  }
}
