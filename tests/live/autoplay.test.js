// Where the slider of the start page stands while it plays by itself.

import assert from "node:assert/strict"
import test from "node:test"
import { placeAt } from "../../dashboard/live/autoplay.js"

test("it begins where the slider stands, and goes to one end, to the other and back", () => {
  assert.equal(placeAt(0, 10, 0, 0.5), 5)
  assert.equal(placeAt(0, 10, 0.25, 0.5), 10)
  assert.equal(placeAt(0, 10, 0.5, 0.5), 5)
  assert.equal(placeAt(0, 10, 0.75, 0.5), 0)
  assert.ok(Math.abs(placeAt(-0.2, 1, 3, 0.3) - 0.16) < 1e-12)
})

test("it stays between the ends", () => {
  for (let i = 0; i < 200; i++) {
    const place = placeAt(-0.2, 1, i / 37, 0.8)
    assert.ok(place >= -0.2 && place <= 1)
  }
})
