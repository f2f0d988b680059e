// Which point of a plot's curves and marks is nearest to a place.

import { numbers } from "./typed_array.js"

/** @typedef {{ name: string, x: number, y: number, customdata: any }} Found */

const listed = (array) => (array?.bdata ? numbers(array) : array)

/** Return the point nearest to a place, in pixels of the plot, of all traces on the first pair of axes that are shown.
 * @param {any} box the element of the plot
 * @param {any[]} traces
 * @param {[number, number]} at
 * @param {Set<string>} hidden names that the legend hides
 * @returns {Found | undefined} */
export function nearest(box, traces, [left, top], hidden) {
  const { xaxis, yaxis } = box._fullLayout
  let least = Number.POSITIVE_INFINITY
  let found
  for (const { type, name, legendgroup, x, y, x0 = 0, dx = 1, yaxis: own = "y", customdata } of traces) {
    if (type !== "scatter" || own !== "y" || !y || hidden.has(legendgroup)) continue
    const [across, up] = [listed(x), listed(y)]
    for (let i = 0; i < up.length; i++) {
      if (up[i] === null || across?.[i] === null) continue
      const point = { x: across ? across[i] : x0 + dx * i, y: up[i] }
      const distance = Math.hypot(xaxis._offset + xaxis.d2p(point.x) - left, yaxis._offset + yaxis.d2p(point.y) - top)
      if (distance < least) {
        least = distance
        found = { name: name ?? "", ...point, customdata: customdata?.[i] }
      }
    }
  }
  return found
}
