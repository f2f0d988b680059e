// Check boxes of which several can be ticked, each with its line and mark: they are a legend too.

import { element } from "./element.js"
import { hint } from "./help.js"
import { report } from "./messages.js"
import { sign } from "./sign.js"

// What is fixed stays ticked and is not reported.
export function several(item, send) {
  const boxes = item.options.map(({ value, fixed = false }) =>
    element("input", { type: "checkbox", value, disabled: fixed, checked: fixed }),
  )
  const ticked = () =>
    boxes
      .filter((box) => box.checked && !box.disabled)
      .map((box) => box.value)
      .join()
  for (const box of boxes)
    box.addEventListener("change", (event) => report(event, send(), { [item.field]: ticked() }, true))
  const labels = item.options.map(({ value, help, ...look }, i) => {
    const label = element("label", { className: "lab-toggle" }, [boxes[i], sign(look), value])
    hint(label, boxes[i], () => help ?? "")
    return label
  })
  const node = element(
    "div",
    { className: "lab-several", role: "group", ariaLabel: item.label || item.field, dataset: { field: item.field } },
    labels,
  )
  return {
    node,
    update: (next) =>
      boxes.forEach((box) => {
        box.checked = box.disabled || next.value.includes(box.value)
      }),
  }
}
