// What a lesson allows: which controls stand, and whose click is an answer.

import assert from "node:assert/strict"
import { test } from "node:test"

const page = { attributes: new Set(), toggleAttribute: (name, on) => page.attributes[on ? "add" : "delete"](name) }
let rules = ""
globalThis.CSSStyleSheet = class {
  replaceSync(text) {
    rules = text
  }
}
globalThis.document = Object.assign(new EventTarget(), { documentElement: page, adoptedStyleSheets: [] })

const { allow, draw, hasPlayer, isFree, marksOn, takeFrom, taken } = await import(
  "../../dashboard/live/lesson_state.js"
)

test("outside of a lesson all controls stand", () => {
  assert.ok(isFree({ field: "theta0" }))
  assert.ok(isFree({ field: "", gives_away: true }))
})

test("a lesson leaves the free controls, but none that gives the answer away", () => {
  let told = 0
  document.addEventListener("inverse-lab-allowed", () => told++)
  allow(["theta0"], ["map", "table"])
  assert.deepEqual(
    ["theta0", "theta1", ""].map((field) => isFree({ field })),
    [true, false, false],
  )
  assert.equal(isFree({ field: "theta0", gives_away: true }), false)
  assert.ok(page.attributes.has("data-lab-lesson"))
  assert.match(rules, /data-plot="map"/)
  assert.match(rules, /lab-table-frame/)
  allow(null, [])
  assert.ok(isFree({ field: "theta1" }))
  assert.equal(page.attributes.size, 0)
  assert.doesNotMatch(rules, /data-plot/)
  assert.equal(told, 2)
})

test("where a step names what alone stands, the rest is hidden, but keeps a size to be drawn with", () => {
  allow([], [], false, { names: ["fit", "said"], wide: '"fit" 20rem / 1fr', narrow: '"fit" 10rem / 1fr' })
  assert.match(rules, /grid-template: "fit" 20rem \/ 1fr/)
  assert.match(rules, /:not\(.*data-plot="fit".*lab-said.*\) \{ position: absolute; width: 20rem/)
  assert.ok(!hasPlayer())
  allow(null, [])
  assert.doesNotMatch(rules, /grid-template/)
  assert.ok(hasPlayer())
})

test("a place is an answer in the plot that the question is about alone", () => {
  const places = []
  takeFrom({ plot: "map", take: (place) => places.push(place) })
  assert.equal(taken("fit", { x: 1, y: 2 }), false)
  assert.equal(taken("map", { x: 1, y: 2 }), true)
  takeFrom(null)
  assert.equal(taken("map", { x: 3, y: 4 }), false)
  assert.deepEqual(places, [{ x: 1, y: 2 }])
})

test("marks are those of their plot", () => {
  const mark = { plot: "map", role: "guess", label: "your pin", places: [[0, 0]] }
  draw([mark])
  assert.deepEqual([marksOn("map"), marksOn("fit")], [[mark], []])
})
