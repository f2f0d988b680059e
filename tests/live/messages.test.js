// The exchange with the server, against a route and a Streamlit that answer when a test says so.

import assert from "node:assert/strict"
import { beforeEach, mock, test } from "node:test"

const LIVE = { page: "Neuron", key: "k", address: "theta0=0.4" }

let exchange, asked, told, shown, painted, loads

/** Let everything run that waits for no answer. */
const turn = () => new Promise((resolve) => setImmediate(resolve))
const json = (body) => ({ ok: true, json: async () => body })
const send = (message) => told.push(message)
const report = (changes, final = false) => exchange.report({ timeStamp: performance.now() }, send, changes, final)

/** Answer the newest request of the route. */
async function answer(response = json({ stages: { stage: { drawn: asked.length } }, values: { theta0: 1 } })) {
  asked.at(-1).resolve(response)
  await turn()
}

/** Hand in what a run of Streamlit sends to the stage. */
async function run(answers, live) {
  await exchange.turnOf({ name: "stage", live, answers })
  shown.push(`run ${answers}`)
  exchange.painted(answers)
  await turn()
}

beforeEach(async () => {
  asked = []
  told = []
  shown = []
  painted = []
  globalThis.document = {
    baseURI: "http://localhost/",
    documentElement: { toggleAttribute: (_, whether) => painted.push(whether ? "waiting" : "done") },
    dispatchEvent: ({ detail }) => painted.push(detail.final ? "final" : "part"),
  }
  globalThis.requestAnimationFrame = (frame) => frame()
  globalThis.fetch = (url, { method, body, signal }) =>
    new Promise((resolve, reject) => {
      asked.push({ url: url.href, method, ...JSON.parse(body), resolve, reject })
      signal.addEventListener("abort", () => reject(signal.reason))
    })
  mock.timers.reset()
  mock.timers.enable({ apis: ["setTimeout"] })
  // What waits for the next frame runs at once; patience runs out when a test lets it.
  const later = globalThis.setTimeout
  globalThis.setTimeout = (action, after) => (after ? later(action, after) : action())
  loads = (loads ?? 0) + 1
  exchange = await import(`../../dashboard/live/messages.js?${loads}`)
  const show = async (data, values) => shown.push({ data, values })
  exchange.enter("stage", { skeletons: () => ({ potential: 7 }), show })
  await run(0, LIVE)
  shown = []
  painted = []
})

test("without an address, Streamlit answers all the way", async () => {
  const other = await import("../../dashboard/live/messages.js?unknown")
  other.report({ timeStamp: 0 }, send, { theta0: 0.5 }, false)
  assert.deepEqual(
    told.map(({ changes, final }) => [changes, final]),
    [[{ theta0: 0.5 }, false]],
  )
  assert.equal(asked.length, 0)
})

test("a drag asks the route with the address, its changes and what is drawn, and shows the answer", async () => {
  report({ theta0: 0.5 })
  const { url, method, resolve, reject, ...body } = asked[0]
  assert.equal(url, "http://localhost/lab/live")
  assert.equal(method, "POST")
  assert.deepEqual(body, { ...LIVE, changes: { theta0: 0.5 }, drawn: { potential: 7 } })
  await answer()
  assert.deepEqual(shown, [{ data: { drawn: 1 }, values: { theta0: 1 } }])
  assert.deepEqual(painted, ["waiting", "done", "part"])
  assert.equal(told.length, 0)
})

test("one request is in flight, and the newest value of each field goes next", async () => {
  for (const theta0 of [0.5, 0.6, 0.7]) report({ theta0 })
  report({ theta1: 1 })
  assert.equal(asked.length, 1)
  await answer()
  assert.deepEqual(
    asked.map(({ changes }) => changes),
    [{ theta0: 0.5 }, { theta0: 0.7, theta1: 1 }],
  )
})

test("letting go tells Streamlit all changes of the drag, and drops the answer under way", async () => {
  report({ x: 1, y: 1 })
  await answer()
  report({ x: 2 })
  report({ y: 3 }, true)
  assert.deepEqual(
    told.map(({ changes, final }) => [changes, final]),
    [[{ x: 2, y: 3 }, true]],
  )
  await answer()
  assert.equal(shown.length, 1)
  await run(told[0].sequence, { ...LIVE, address: "x=2&y=3" })
  assert.deepEqual(painted.slice(-2), ["done", "final"])
  report({ x: 4 })
  assert.equal(asked.at(-1).address, "x=2&y=3")
  assert.deepEqual(asked.at(-1).changes, { x: 4 })
})

for (const [what, fail] of Object.entries({
  "an error of the network": () => asked.at(-1).reject(new TypeError("network")),
  "another status": () => asked.at(-1).resolve({ ok: false, status: 500 }),
  "what is no JSON": () => asked.at(-1).resolve({ ok: true, json: () => Promise.reject(new SyntaxError("no JSON")) }),
  "no answer in 4 s": () => mock.timers.tick(4000),
})) {
  test(`after ${what}, Streamlit gets the same change and all others for 2 s`, async (t) => {
    let now = 10_000
    t.mock.method(performance, "now", () => now)
    report({ theta0: 0.5 })
    fail()
    await turn()
    assert.deepEqual(
      told.map(({ changes, final }) => [changes, final]),
      [[{ theta0: 0.5 }, false]],
    )
    await run(told[0].sequence)
    assert.deepEqual(painted.slice(-2), ["done", "part"])
    now += 1999
    report({ theta0: 0.6 })
    assert.deepEqual([asked.length, told.length], [1, 2])
    await run(told[1].sequence)
    now += 1
    report({ theta0: 0.7 })
    assert.deepEqual([asked.length, told.length], [2, 2])
  })
}

test("a run from before the drag waits until Streamlit has answered with the drag's changes", async () => {
  report({ theta0: 0.5 })
  await answer()
  const early = run(0, LIVE)
  await turn()
  assert.equal(shown.length, 1)
  report({ theta0: 0.6 }, true)
  await turn()
  assert.equal(shown.length, 1)
  await run(told[0].sequence, LIVE)
  await early
  assert.deepEqual(shown.slice(1), ["run 0", `run ${told[0].sequence}`])
})

test("a report that lets go makes the address old, until a run brings another", async () => {
  report({ theta0: 0.6 }, true)
  await run(told[0].sequence)
  report({ theta0: 0.7 })
  assert.deepEqual([asked.length, told.length], [0, 2])
  await run(told[1].sequence)
  report({ theta0: 0.7 }, true)
  await exchange.turnOf({ name: "rail", live: { ...LIVE, address: "theta0=0.7" }, answers: 0 })
  await run(told[2].sequence)
  report({ theta0: 0.8 })
  assert.equal(asked[0].address, "theta0=0.7")
})
