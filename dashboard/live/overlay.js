// What a lesson draws over a plot: pins and outlines, which follow its zoom and its size.

import { drawingOf, element } from "./element.js"
import { marksOn } from "./lesson_state.js"

export class Overlay {
  /** @param {any} plot */
  constructor(plot) {
    this.plot = plot
    this.node = drawingOf('<svg class="lab-overlay" aria-hidden="true"></svg>')
    this.labels = element("div", { className: "lab-overlay-labels" })
    this.redraw = () => this.draw()
    document.addEventListener("inverse-lab-marked", this.redraw)
  }

  /** Bring the marks up to date. */
  draw() {
    const { plot } = this
    const marks = marksOn(plot.box.dataset.plot)
    if (!plot.ready || plot.closed || !plot.box._fullLayout?.xaxis || (!marks.length && !this.node.isConnected)) return
    if (!this.node.isConnected) plot.box.append(this.node, this.labels)
    const { xaxis, yaxis } = plot.box._fullLayout
    const at = ([x, y]) => [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.d2p(y)]
    this.node.replaceChildren(
      ...drawingOf(`<svg>${marks.map((mark) => shape(mark, mark.places.map(at))).join("")}</svg>`).children,
    )
    const { clientWidth: width } = plot.box
    this.labels.replaceChildren(
      ...marks
        .filter(({ label }) => label)
        .map(({ label, role, places }) => {
          const [left, top] = at(highest(places))
          return element("span", {
            className: `lab-mark-label lab-mark-${role}`,
            textContent: label,
            style: { left: `${left}px`, top: `${top}px` },
          })
        }),
    )
    for (const label of this.labels.children) {
      const half = label.offsetWidth / 2 + 4
      label.style.left = `${Math.min(Math.max(Number.parseFloat(label.style.left), half), width - half)}px`
    }
    document.dispatchEvent(new Event("inverse-lab-drawn"))
  }

  close() {
    document.removeEventListener("inverse-lab-marked", this.redraw)
  }
}

/** @param {[number, number][]} places */
const highest = (places) => places.reduce((best, each) => (each[1] > best[1] ? each : best))

/** Return the markup of a pin at one place, or of a closed outline through several.
 * @param {import("./lesson_state.js").Mark} mark
 * @param {number[][]} points in pixels */
function shape({ role }, points) {
  const [[x, y]] = points
  const pin = `M${x},${y}l-7,-16a8,8 0 1 1 14,0z`
  const outline = `M${points.map((point) => point.map((each) => each.toFixed(1)).join()).join("L")}Z`
  const dot = `M${x - 6},${y}a6,6 0 1 0 12,0a6,6 0 1 0 -12,0z`
  const [kind, drawn] = points.length > 1 ? ["outline", outline] : role === "class" ? ["dot", dot] : ["pin", pin]
  return `<path class="lab-mark lab-mark-${role} lab-mark-${kind}" d="${drawn}"/>`
}
