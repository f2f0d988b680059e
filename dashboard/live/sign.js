// The line and the mark that stand for something in a plot.

import { element } from "./element.js"
import { styled } from "./theme.js"

const [WIDE, NARROW] = [16, 9] // half the width with a line, and of a mark alone

/** @param {any} look of which the dash "" stands for no line */
export function sign({ colour: named, dash, path, hollow = false }) {
  const colour = styled(named)
  const half = dash ? WIDE : NARROW
  const line = dash && `<path d="M-16,0H16" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>`
  const [fill, edge] = hollow ? ["var(--st-background-color)", `stroke="${colour}" stroke-width="2"`] : [colour, ""]
  const mark = `<path d="${path}" fill="${fill}" ${edge} transform="scale(0.9, -0.9)"/>` // plots count pixels upwards
  return element("span", {
    className: "lab-sign",
    innerHTML: `<svg viewBox="${-half} -9 ${2 * half} 18">${line}${mark}</svg>`,
  })
}
