// The answer that is a region: an ellipse over a plot, with a handle in its middle and one at the end of each half axis.

import { element } from "./element.js"
import { draw, takeFrom } from "./lesson_state.js"
import { tell } from "./speech.js"

const CORNERS = 90
const SHARE = 0.12 // of the axes, for the half axes of a new ellipse
const STEP = 0.01 // of the axes, for each press of an arrow key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }
const HANDLES = ["middle", "first half axis", "second half axis"]

/** @param {any} question
 * @param {() => void} changed */
export function region({ plot: name }, changed) {
  /** @type {{ x: number, y: number, a: [number, number], b: number } | undefined} */
  let ellipse
  const handles = HANDLES.map((label, i) => {
    const node = element("button", { type: "button", className: "lab-handle", ariaLabel: label })
    node.addEventListener("pointerdown", (event) => grab(event, i))
    node.addEventListener("keydown", (event) => {
      const arrow = ARROWS[event.key]
      if (!arrow) return
      event.preventDefault()
      event.stopPropagation()
      const { xaxis, yaxis } = box()._fullLayout
      const [x, y] = places()[i]
      const reach = (axis) => Math.abs(axis.range[1] - axis.range[0]) * STEP * (event.shiftKey ? 5 : 1)
      put(i, x + arrow[0] * reach(xaxis), y + arrow[1] * reach(yaxis))
      tell(
        `${label}: ${places()
          [i].map((each) => each.toFixed(3))
          .join(", ")}`,
      )
    })
    return node
  })
  const box = () => /** @type {any} */ (document.querySelector(`.lab-plot[data-plot="${name}"]`))

  /** Return where the handles stand. */
  const places = () => {
    const { x, y, a, b } = /** @type {NonNullable<typeof ellipse>} */ (ellipse)
    const length = Math.hypot(...a)
    return [
      [x, y],
      [x + a[0], y + a[1]],
      [x - (a[1] / length) * b, y + (a[0] / length) * b],
    ]
  }

  function put(i, x, y) {
    if (!ellipse) return
    const { x: left, y: low } = ellipse
    if (i === 0) Object.assign(ellipse, { x, y })
    if (i === 1) ellipse.a = [x - left, y - low]
    if (i === 2) {
      const length = Math.hypot(...ellipse.a)
      ellipse.b = Math.abs((-(x - left) * ellipse.a[1] + (y - low) * ellipse.a[0]) / length)
    }
    show()
  }

  function show() {
    if (!ellipse) return
    const { x, y, a, b } = ellipse
    const length = Math.hypot(...a) || 1
    const corners = Array.from({ length: CORNERS }, (_, k) => {
      const [along, across] = [
        Math.cos((2 * Math.PI * k) / CORNERS),
        (b * Math.sin((2 * Math.PI * k) / CORNERS)) / length,
      ]
      return /** @type {[number, number]} */ ([x + along * a[0] - across * a[1], y + along * a[1] + across * a[0]])
    })
    draw([{ plot: name, role: "guess", label: "your region", places: corners }])
    changed()
  }

  /** Put the handles where the ellipse is drawn, or at the edge of the axes, where they can be taken hold of. */
  function place() {
    if (!ellipse || !box()?._fullLayout) return
    const { xaxis, yaxis } = box()._fullLayout
    const within = (axis, value) => axis._offset + Math.min(Math.max(axis.d2p(value), 0), axis._length)
    for (const [i, [px, py]] of places().entries()) {
      handles[i].style.left = `${within(xaxis, px)}px`
      handles[i].style.top = `${within(yaxis, py)}px`
      if (handles[i].parentElement !== box()) box().append(handles[i])
    }
  }

  function grab(event, i) {
    event.preventDefault()
    event.stopPropagation()
    handles[i].setPointerCapture(event.pointerId)
    const held = new AbortController()
    const follow = (moved) => {
      const { xaxis, yaxis } = box()._fullLayout
      const frame = box().getBoundingClientRect()
      put(
        i,
        xaxis.p2d(moved.clientX - frame.left - xaxis._offset),
        yaxis.p2d(moved.clientY - frame.top - yaxis._offset),
      )
    }
    handles[i].addEventListener("pointermove", follow, { signal: held.signal })
    for (const end of ["pointerup", "pointercancel"])
      handles[i].addEventListener(end, () => held.abort(), { signal: held.signal })
  }

  document.addEventListener("inverse-lab-drawn", place)
  takeFrom({
    plot: name,
    take({ x, y }) {
      const { xaxis, yaxis } = box()._fullLayout
      const [width, height] = [xaxis, yaxis].map(({ range }) => Math.abs(range[1] - range[0]) * SHARE)
      ellipse = ellipse ? { ...ellipse, x, y } : { x, y, a: [width, 0], b: height }
      show()
    },
  })
  const how =
    "In the outlined plot, click in the middle of your region (or Tab, arrow keys, Enter), then pull its three handles."
  return {
    node: element("p", { className: "lab-lesson-how", textContent: how }),
    answer: () => (ellipse ? [ellipse.x, ellipse.y, ...ellipse.a, ellipse.b].join() : ""),
    close() {
      document.removeEventListener("inverse-lab-drawn", place)
      for (const handle of handles) handle.remove()
    },
  }
}
