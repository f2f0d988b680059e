// Check boxes of which several can be ticked, each with its line and mark: they are a legend too.

import { element } from "./element.js"
import { hint } from "./help.js"
import { report } from "./messages.js"
import { styled } from "./theme.js"

/** Return the line and the mark that stand for something in a plot.
 * @param {any} look */
function sign({ colour: named, dash, path }) {
  const colour = styled(named)
  const line = `<path d="M-16,0H16" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>`
  const mark = `<path d="${path}" fill="${colour}" transform="scale(0.9, -0.9)"/>` // plots count pixels upwards
  return element("span", { className: "lab-sign", innerHTML: `<svg viewBox="-16 -8 32 16">${line}${mark}</svg>` })
}

export function several(item, send) {
  const boxes = item.options.map(({ value }) => element("input", { type: "checkbox", value }))
  const ticked = () =>
    boxes
      .filter((box) => box.checked)
      .map((box) => box.value)
      .join()
  for (const box of boxes)
    box.addEventListener("change", (event) => report(event, send(), { [item.field]: ticked() }, true))
  const labels = item.options.map(({ value, help, ...look }, i) => {
    const label = element("label", { className: "lab-toggle" }, [boxes[i], sign(look), value])
    hint(label, boxes[i], () => help)
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
        box.checked = next.value.includes(box.value)
      }),
  }
}
