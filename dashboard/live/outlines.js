// Where the lines and marks of a figure lie in the pixels of its drawing.

import { numbers } from "./typed_array.js"

const FINEST = 0.5 // pixels: what lies nearer to the last corner of an outline is not seen

// From a value to the pixels of its axis; the quicker way where no logarithm is to be taken.
function pixels(axis) {
  return axis.type === "log" ? axis.d2p : axis.l2p
}

// The outline of a line trace in the pixels of its pair of axes.
export function outline(trace, xaxis, yaxis) {
  const y = numbers(trace.y)
  const x = trace.x && numbers(trace.x)
  const [left, top] = [pixels(xaxis), pixels(yaxis)]
  let path = ""
  let pen = "M"
  let [lastAcross, lastUp] = [0, 0]
  for (let i = 0; i < y.length; i++) {
    const value = x ? x[i] : trace.x0 + trace.dx * i
    if (Number.isNaN(value + y[i])) {
      pen = "M"
      continue
    }
    const [across, up] = [left(value), top(y[i])]
    const isNear = Math.abs(across - lastAcross) < FINEST && Math.abs(up - lastUp) < FINEST
    if (pen === "L" && isNear && i < y.length - 1 && !Number.isNaN(y[i + 1])) continue
    path += `${pen}${across.toFixed(1)},${up.toFixed(1)}`
    pen = "L"
    lastAcross = across
    lastUp = up
  }
  return path
}

/** Move the texts of a trace and write them anew. Returns false where as many are not drawn.
 * @param {Element} box
 * @param {string} uid
 * @param {any} trace
 * @param {any} layout */
export function moveTexts(box, uid, trace, { xaxis, yaxis }) {
  const nodes = box.querySelectorAll(`.trace${uid} .textpoint text`)
  const [x, y] = [numbers(trace.x), numbers(trace.y)]
  if (nodes.length !== x.length) return false
  for (const [i, node] of nodes.entries()) {
    node.setAttribute("x", xaxis.d2p(x[i]))
    node.setAttribute("y", yaxis.d2p(y[i]))
    if (node.textContent !== trace.text[i]) node.textContent = trace.text[i]
  }
  return true
}

/** The places of many dots, which travel as typed arrays: across and up, in the units of the axes. */
function* places({ x, y, x0, dx }) {
  const across = x && numbers(x)
  const up = numbers(y)
  for (let i = 0; i < up.length; i++) yield [across ? across[i] : x0 + dx * i, up[i]]
}

/** A shape as Plotly takes it: many dots are a path of strokes that have no length. */
export function withPath(shape) {
  if (!shape.dots) return shape
  let path = ""
  for (const [x, y] of places(shape.dots)) path += `M${x.toPrecision(6)},${y.toPrecision(6)}H${x.toPrecision(6)}`
  return { ...shape, path: path || "M0,0" }
}

function dotsOutline(dots, xaxis, yaxis) {
  let path = ""
  for (const [x, y] of places(dots)) {
    const across = (xaxis._offset + xaxis.d2p(x)).toFixed(1)
    path += `M${across},${(yaxis._offset + yaxis.d2p(y)).toFixed(1)}H${across}`
  }
  return path || "M0,0"
}

// The outline of a shape in the pixels of the drawing; only M, L, H and Z occur, and Plotly counts pixels upwards.
// at: the pixels in its pair of axes where a mark stands, if not at its anchor.
export function shapeOutline(shape, xaxis, yaxis, at) {
  if (shape.dots) return dotsOutline(shape.dots, xaxis, yaxis)
  const anchored = shape.xsizemode === "pixel"
  const [x0, y0] = at ?? (anchored ? [xaxis.d2p(shape.xanchor), yaxis.d2p(shape.yanchor)] : [])
  const across = (value) => xaxis._offset + (anchored ? x0 + value : xaxis.d2p(value))
  const up = (value) => yaxis._offset + (anchored ? y0 - value : yaxis.d2p(value))
  return shape.path.replace(/([MLH])([^MLHZ]*)/g, (_, pen, point) => {
    const [x, y] = point.split(",").map(Number)
    return pen + across(x).toFixed(1) + (pen === "H" ? "" : `,${up(y).toFixed(1)}`)
  })
}

// How many pixels, across and down, the i-th label has moved since Plotly drew it.
export function shift({ x, y }, { xaxis, yaxis, annotations }, i) {
  const drawn = annotations[i]
  return [xaxis.d2p(x) - xaxis.d2p(drawn.x), yaxis.d2p(y) - yaxis.d2p(drawn.y)].map((by) => by.toFixed(1))
}

// The corners of a line trace in the pixels of its pair of axes.
export function corners(trace, xaxis, yaxis) {
  const [x, y] = [numbers(trace.x), numbers(trace.y)]
  const [left, top] = [pixels(xaxis), pixels(yaxis)]
  return Array.from(x, (across, i) => [left(across), top(y[i])])
}

// The lines of a plot that grow while a race is played: the position of each, its clock, and those of its two shapes.
export function runners(spec) {
  return (spec.figure?.data ?? []).flatMap(({ meta }, trace) => (meta?.clock ? [{ trace, ...meta }] : []))
}
