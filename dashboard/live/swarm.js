// Particles of a sampler: shapes that move with the clock of a race.

import { numbers } from "./typed_array.js"

/** Return the index of the last recorded time that the clock has reached, the first at least.
 * @param {ArrayLike<number>} clock
 * @param {number} now */
export function frameAt(clock, now) {
  let frame = 0
  while (frame + 1 < clock.length && clock[frame + 1] <= now) frame++
  return frame
}

/** Return the path of a swarm at a time: a stroke without length for each particle, or its trail.
 * @param {any} swarm typed arrays of the clock (k,) and of the places (k × n,); trail: times that a trail reaches back
 * @param {number} now
 * @param {(x: number) => string} across
 * @param {(y: number) => string} up */
export function swarmPath(swarm, now, across, up) {
  const [clock, x, y] = [swarm.clock, swarm.x, swarm.y].map(numbers)
  const frame = frameAt(clock, now)
  let path = ""
  for (let i = 0; i < swarm.n; i++) {
    const place = (/** @type {number} */ at) => `${across(x[at * swarm.n + i])},${up(y[at * swarm.n + i])}`
    const first = Math.max(0, frame - swarm.trail)
    for (let at = first; at <= frame; at++) path += `${at > first ? "L" : "M"}${place(at)}`
    if (!swarm.trail) path += `H${across(x[frame * swarm.n + i])}`
  }
  return path || "M0,0"
}

/** Return a shape with the path of its swarm in the units of the axes, at the end of the race, as Plotly takes it.
 * @param {any} shape
 * @param {any[]} swarms the places of all swarms of the plot */
export function withSwarm(shape, swarms) {
  if (!shape.swarm) return shape
  const text = (/** @type {number} */ value) => value.toPrecision(6)
  const swarm = { ...swarms[shape.swarm.at], trail: shape.swarm.trail }
  return { ...shape, path: swarmPath(swarm, Number.POSITIVE_INFINITY, text, text) }
}

/** Move the swarms of a plot to a time.
 * @param {Element} box
 * @param {any} layout of the figure
 * @param {number} now
 * @param {any} full the layout that is drawn */
export function moveSwarms(box, { shapes = [], meta }, now, { xaxis, yaxis }) {
  const across = (/** @type {number} */ x) => (xaxis._offset + xaxis.d2p(x)).toFixed(1)
  const up = (/** @type {number} */ y) => (yaxis._offset + yaxis.d2p(y)).toFixed(1)
  for (const [i, { swarm }] of shapes.entries()) {
    if (!swarm) continue
    const path = swarmPath({ ...meta.swarms[swarm.at], trail: swarm.trail }, now, across, up)
    box.querySelector(`.shapelayer path[data-index="${i}"]`)?.setAttribute("d", path)
  }
}
