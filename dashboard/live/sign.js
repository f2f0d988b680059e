// The line and the mark that stand for something in a plot.

import { element } from "./element.js"
import { styled } from "./theme.js"

/** @param {any} look */
export function sign({ colour: named, dash, path, hollow = false }) {
  const colour = styled(named)
  const line = `<path d="M-16,0H16" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>`
  const [fill, edge] = hollow ? ["var(--st-background-color)", `stroke="${colour}" stroke-width="2"`] : [colour, ""]
  const mark = `<path d="${path}" fill="${fill}" ${edge} transform="scale(0.9, -0.9)"/>` // plots count pixels upwards
  return element("span", { className: "lab-sign", innerHTML: `<svg viewBox="-16 -9 32 18">${line}${mark}</svg>` })
}
