// A plot that follows the hand: its lines, marks and heat map move in the drawing, without Plotly.

import { same } from "./element.js"
import { exchangeImage } from "./heatmap.js"
import { moveTexts, outline, shapeOutline, shift } from "./outlines.js"

/** Return what a plot shows with the lines and marks that have moved. A heat map gets a new image and keeps its old
 * numbers: Plotly must not draw such a figure (imageOnly).
 * @param {any} shown
 * @param {any} moved */
export function withMoved(shown, { moved, ...spec }) {
  const data = shown.figure.data.map((trace, i) => {
    if (!moved.data[i]) return trace
    const { x, y, x0, dx, ...rest } = trace
    return { ...rest, ...moved.data[i] }
  })
  const layout = {
    ...shown.figure.layout,
    shapes: moved.shapes,
    annotations: moved.annotations,
    datarevision: spec.version,
  }
  return { ...shown, ...spec, figure: { data, layout }, imageOnly: moved.data.some((course) => course?.meta?.image) }
}

/** Return an axis of a drawing by its name, such as "x" or "y2".
 * @param {any} full
 * @param {string} name */
const axisOf = (full, name) => full[`${name[0]}axis${name.slice(1)}`]

/** Move the lines and marks to where the figure has them: a tenth of the time of drawing it again. Returns false where
 * the drawing has other parts than the figure.
 * @param {any} box the element of the plot
 * @param {import("./data").Figure} figure
 * @param {Set<string>} hidden names that the legend hides
 * @param {import("./data").Figure | undefined} before the figure that the drawing shows: what is the same there stays */
export function slide(box, { data, layout }, hidden, before) {
  const stays = (/** @type {"data" | "shapes"} */ kind, /** @type {number} */ i, /** @type {any} */ part) =>
    same(part, kind === "data" ? before?.data[i] : before?.layout.shapes?.[i])
  const { _fullData: traces, _fullLayout: full } = box
  const moves = []
  const heatMaps = data.filter(({ type }) => type === "heatmap")
  if (!heatMaps.every((trace, i) => !trace.meta?.image || exchangeImage(box, i, trace))) return false
  for (const [i, trace] of data.entries()) {
    if (stays("data", i, trace)) continue
    if (trace.mode === "text" && !moveTexts(box, traces[i].uid, trace, full)) return false
    if (trace.mode !== "lines" || trace.type !== "scatter" || !trace.y.bdata || hidden.has(trace.legendgroup)) continue
    const paths = box.querySelectorAll(`.trace${traces[i].uid} path.js-line`)
    if (paths.length !== 1) return false
    moves.push([paths[0], outline(trace, axisOf(full, trace.xaxis ?? "x"), axisOf(full, trace.yaxis ?? "y"))])
  }
  for (const [i, shape] of (layout.shapes ?? []).entries()) {
    if (shape.type !== "path" || shape.swarm || hidden.has(shape.legendgroup) || stays("shapes", i, shape)) continue
    const path = box.querySelector(`.shapelayer path[data-index="${i}"]`)
    if (!path) return false
    moves.push([path, shapeOutline(shape, axisOf(full, shape.xref ?? "x"), axisOf(full, shape.yref ?? "y"))])
  }
  for (const [path, d] of moves) path.setAttribute("d", d)
  for (const [i, label] of (layout.annotations ?? []).entries()) {
    const node = box.querySelector(`.annotation[data-index="${i}"]`) // none where it lies outside of the plot
    node?.setAttribute("transform", `translate(${shift(label, full, i)})`)
  }
  return true
}
