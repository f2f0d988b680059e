// How far one has come in a lesson, as the browser keeps it.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { progressIn, remember } from "../../dashboard/live/progress.js"

let items

beforeEach(() => {
  items = {}
  globalThis.localStorage = {
    getItem: (key) => items[key] ?? null,
    setItem: (key, value) => {
      items[key] = value
    },
  }
})

test("what was never begun begins at its first step", () => {
  assert.deepEqual(progressIn("valleys", 6), { text: "valleys", done: 0 })
})

test("one goes on at the step where one left", () => {
  remember("valleys", "valleys.3.12----")
  assert.deepEqual(progressIn("valleys", 6), { text: "valleys.3.12----", done: 2 })
})

test("a step that is opened anew keeps the answers given before", () => {
  remember("valleys", "valleys.6.11012+")
  remember("valleys", "valleys.3.------")
  assert.deepEqual(progressIn("valleys", 6), { text: "valleys.3.11012+", done: 6 })
  remember("valleys", "valleys.3.--1---")
  assert.deepEqual(progressIn("valleys", 6), { text: "valleys.3.11112+", done: 6 })
})

test("a first try that missed is no step done, is kept, and hides no answer", () => {
  remember("valleys", "valleys.2.1t----")
  assert.deepEqual(progressIn("valleys", 6), { text: "valleys.2.1t----", done: 1 })
  remember("valleys", "valleys.3.t-----")
  assert.deepEqual(progressIn("valleys", 6), { text: "valleys.3.1t----", done: 1 })
  remember("racing", "racing.1.t------")
  assert.deepEqual(progressIn("racing", 7), { text: "racing.1.t------", done: 0 })
})

test("what else stands in the browser's storage is no progress", () => {
  for (const content of ["{", "[]", "null", '{"valleys": 7}', '{"valleys": "valleys.3.1"}']) {
    items["inverse-lab-lessons"] = content
    assert.deepEqual(progressIn("valleys", 6), { text: "valleys", done: 0 }, content)
  }
})

test("a browser that keeps nothing is no fault", () => {
  globalThis.localStorage = {
    getItem: () => {
      throw new Error("denied")
    },
    setItem: () => {
      throw new Error("denied")
    },
  }
  remember("valleys", "valleys.3.12----")
  assert.deepEqual(progressIn("valleys", 6), { text: "valleys", done: 0 })
})
