// A plot whose heat map is slid, on a document and a Plotly that do as little as they can.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Plot } from "../../dashboard/live/plot.js"

const CELLS = { x: "x", y: "y", type: "heatmap" }
const LAYOUT = { margin: { b: 0 }, legend2: {} }
const RACE = { clock: 1, last: 1 }

let plot, drawn, saved

const node = () => ({
  dataset: {},
  style: {},
  classList: { toggle: () => {} },
  append: () => {},
  matches: () => false,
  remove: () => {},
  content: { firstElementChild: {} }, // of a template
  addEventListener: () => {},
  querySelectorAll: () => [], // no image that could be slid
  querySelector: () => node(),
  setAttribute: () => {},
  on: () => {},
})
const whole = (version, z, meta) => ({
  version,
  skeleton: 1,
  figure: { data: [{ ...CELLS, z, ...(meta && { meta }) }], layout: LAYOUT },
})
const moved = (version) => ({
  version,
  skeleton: 1,
  moved: { data: [{ x: "x", y: "y", meta: { image: "new" } }], shapes: [] },
})
const THEME = { id: "light", applied: (figure) => figure, colour: (colour) => colour }
const draw = (spec, released = false) => plot.draw(spec, THEME, released, () => {})

beforeEach(async () => {
  drawn = []
  saved = []
  globalThis.document = {
    createElement: node,
    addEventListener: () => {},
    body: node(),
    documentElement: { hasAttribute: () => false },
  }
  globalThis.getComputedStyle = () => ({ getPropertyValue: () => "" })
  globalThis.ResizeObserver = class {
    observe() {}
  }
  const Plotly = {
    Fx: { unhover: () => {} },
    react: async (box, data, layout) => {
      drawn.push(data[0].z)
      Object.assign(box, { data, layout, _fullData: data, _fullLayout: {} })
    },
    newPlot: async (sheet) => Object.assign(sheet, { _fullLayout: {} }),
    purge: () => {},
    toImage: ({ data }) => {
      saved.push(data[0].z)
      return new Promise(() => {})
    },
  }
  globalThis.window = { Plotly }
  plot = new Plot("loss", RACE)
  await draw(whole(1, "old numbers", { image: "old" }))
})

test("a heat map that cannot be slid is not drawn with its old numbers, but asked for again", async () => {
  await assert.rejects(draw(moved(2)), /only been slid/)
  assert.deepEqual(drawn, ["old numbers"])
  await draw(whole(2, "new numbers", { image: "new" }))
  assert.deepEqual(drawn, ["old numbers", "new numbers"])
})

test("the camera waits for the whole figure of a heat map that was slid", async () => {
  plot.slide = () => true
  await draw(moved(2))
  await plot.save("png")
  assert.deepEqual([drawn, saved], [["old numbers"], []])
  await draw(whole(3, "settled numbers"), true)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([drawn, saved], [["old numbers", "settled numbers"], ["settled numbers"]])
})
