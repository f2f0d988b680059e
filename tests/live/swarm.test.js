// Particles that move with the clock of a race.

import assert from "node:assert/strict"
import { test } from "node:test"
import { frameAt, swarmPath } from "../../dashboard/live/swarm.js"

const typed = (values) => ({ bdata: Buffer.from(new Float32Array(values).buffer).toString("base64") })
// Two particles at three times.
const swarm = { clock: typed([2, 4, 8]), x: typed([0, 10, 1, 11, 2, 12]), y: typed([5, 6, 5, 6, 5, 7]), n: 2 }
const text = (value) => String(value)

test("a swarm stands at the last time that the clock has reached", () => {
  assert.deepEqual(
    [1, 2, 3.9, 4, 7, 8, Number.POSITIVE_INFINITY].map((now) => frameAt([2, 4, 8], now)),
    [0, 0, 0, 1, 1, 2, 2],
  )
})

test("particles are strokes without length, and trails reach back", () => {
  assert.equal(swarmPath({ ...swarm, trail: 0 }, 5, text, text), "M1,5H1M11,6H11")
  assert.equal(swarmPath({ ...swarm, trail: 1 }, 8, text, text), "M1,5L2,5M11,6L12,7")
  assert.equal(swarmPath({ ...swarm, trail: 5 }, 4, text, text), "M0,5L1,5M10,6L11,6")
})
