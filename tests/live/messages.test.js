// The exchange with the server, against a route and a Streamlit that answer when a test says so.

import assert from "node:assert/strict"
import { beforeEach, mock, test } from "node:test"

const LIVE = { page: "Neuron", key: "k", address: "theta0=0.4" }

let exchange, stage, asked, told, shown, painted, notes, loads

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

/** Return what Streamlit was told: changes, and whether they are final. */
const heard = () => told.map(({ changes, final }) => [changes, final])

/** Hand in what a run of Streamlit sends to the stage. */
async function run(answers, live) {
  if (await exchange.turnOf({ name: "stage", live, answers })) {
    shown.push(`run ${answers}`)
    exchange.painted(answers)
  }
  await turn()
}

beforeEach(async () => {
  asked = []
  told = []
  shown = []
  painted = []
  notes = []
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
  stage = {
    skeletons: () => ({ potential: 7 }),
    show: async (data, values) => shown.push({ data, values }),
    note: (sentence) => notes.push(sentence) > 0,
  }
  exchange.enter("sidebar", { skeletons: () => ({}), show: async () => {}, note: () => false })
  exchange.enter("stage", stage)
  await run(0, LIVE)
  shown = []
  painted = []
  notes = []
})

test("without an address, Streamlit answers all the way", async () => {
  const other = await import("../../dashboard/live/messages.js?unknown")
  other.report({ timeStamp: 0 }, send, { theta0: 0.5 }, false)
  assert.deepEqual(heard(), [[{ theta0: 0.5 }, false]])
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
  assert.deepEqual(heard(), [[{ x: 2, y: 3 }, true]])
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
    assert.deepEqual(heard(), [[{ theta0: 0.5 }, false]])
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

test("of the runs that come during a drag, only the one that answers the release is drawn", async () => {
  report({ theta0: 0.5 })
  await answer()
  const early = [run(0, LIVE), run(0, LIVE)]
  await turn()
  assert.equal(shown.length, 1)
  report({ theta0: 0.6 }, true)
  await turn()
  assert.equal(shown.length, 1)
  await run(told[0].sequence, LIVE)
  await Promise.all(early)
  assert.deepEqual(shown.slice(1), [`run ${told[0].sequence}`])
})

test("of the runs that wait for a silent Streamlit, the newest of each component is drawn", async () => {
  report({ theta0: 0.5 })
  await answer()
  const early = [run(1, LIVE), run(2, LIVE)]
  const other = exchange.turnOf({ name: "sidebar", answers: 0 })
  report({ theta0: 0.6 }, true)
  mock.timers.tick(4000)
  await Promise.all(early)
  assert.deepEqual(shown.slice(1), ["run 2"])
  assert.equal(await other, true)
})

test("a run that waits is not drawn where its component leaves", async () => {
  report({ theta0: 0.5 })
  await answer()
  const early = run(0, LIVE)
  exchange.leave("stage", stage)
  await early
  assert.equal(shown.length, 1)
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

test("a drag that follows a waiting click does not join it", async () => {
  report({ theta0: 0.6 }, true)
  report({ preset: "Silent" }, true)
  report({ theta1: 0.5 })
  report({ theta1: 0.6 })
  await run(told[0].sequence, LIVE)
  assert.deepEqual(heard(), [
    [{ theta0: 0.6 }, true],
    [{ preset: "Silent" }, true],
  ])
  assert.equal(asked.length, 0)
  await run(told[1].sequence, { ...LIVE, address: "silent" })
  assert.equal(told.length, 2)
  assert.equal(asked[0].address, "silent")
  assert.deepEqual(asked[0].changes, { theta1: 0.6 })
})

test("clicks and drags that wait for one answer end up in one final report", async () => {
  report({ theta0: 0.6 }, true)
  report({ preset: "Silent" }, true)
  report({ theta1: 0.5 })
  report({ theta1: 0.6 }, true)
  await run(told[0].sequence, LIVE)
  assert.deepEqual(heard().slice(1), [[{ preset: "Silent", theta1: 0.6 }, true]])
  await run(told[1].sequence, LIVE)
  assert.deepEqual([asked.length, told.length], [0, 2])
})

test("on the detour a drag repeats its own numbers alone", async () => {
  report({ theta1: 0.4 })
  asked[0].reject(new TypeError("network"))
  await turn()
  await run(told[0].sequence)
  report({ theta1: 0.5 }, true)
  report({ preset: "Silent" }, true)
  await run(told[1].sequence)
  await run(told[2].sequence, LIVE)
  report({ theta0: 0.7 })
  await run(told[3].sequence)
  report({ theta1: 0.8 })
  assert.equal(asked.length, 1)
  assert.deepEqual(heard(), [
    [{ theta1: 0.4 }, false],
    [{ theta1: 0.5 }, true],
    [{ preset: "Silent" }, true],
    [{ theta0: 0.7 }, false],
    [{ theta0: 0.7, theta1: 0.8 }, false],
  ])
})

test("a release that is not answered for 4 s is noted, and sent again with the next one", async () => {
  report({ theta0: 0.5, theta1: 0.5 }, true)
  mock.timers.tick(3999)
  assert.deepEqual(notes, [])
  mock.timers.tick(1)
  assert.deepEqual(notes, [
    "The server has not answered for 4 s. The last change is sent again with the next one; if that changes nothing, reload the page.",
  ])
  report({ theta0: 0.6 })
  report({ theta0: 0.7 }, true)
  await run(told[1].sequence)
  assert.deepEqual(heard(), [
    [{ theta0: 0.5, theta1: 0.5 }, true],
    [{ theta0: 0.6 }, false],
    [{ theta0: 0.7, theta1: 0.5 }, true],
  ])
  assert.equal(notes.length, 1)
  await run(told[2].sequence, LIVE)
  assert.deepEqual(notes.slice(1), [""])
  report({ sigma: 0.1 }, true)
  assert.deepEqual(heard()[3], [{ sigma: 0.1 }, true])
})

test("changes that the server never answers are sent twice and no more", async () => {
  for (const changes of [{ theta0: "?" }, { theta1: 0.5 }, { sigma: 0.1 }]) {
    report(changes, true)
    mock.timers.tick(4000)
  }
  assert.deepEqual(heard(), [
    [{ theta0: "?" }, true],
    [{ theta0: "?", theta1: 0.5 }, true],
    [{ theta1: 0.5, sigma: 0.1 }, true],
  ])
})

test("a release that is answered late is not sent again", async () => {
  report({ wish: "explore" }, true)
  mock.timers.tick(4000)
  await run(told[0].sequence, LIVE)
  assert.equal(notes.at(-1), "")
  report({ theta0: 0.7 }, true)
  assert.deepEqual(heard()[1], [{ theta0: 0.7 }, true])
})

test("a report of a drag that Streamlit does not answer for 4 s lets the next one go", async () => {
  exchange.leave("stage", stage) // and with it what the route needs
  exchange.enter("stage", stage)
  report({ theta0: 0.5 })
  report({ theta1: 0.5 })
  mock.timers.tick(4000)
  assert.deepEqual(heard(), [
    [{ theta0: 0.5 }, false],
    [{ theta0: 0.5, theta1: 0.5 }, false],
  ])
  assert.deepEqual(notes, [])
})

test("where a component cannot draw the route's answer, Streamlit gets the same change", async () => {
  stage.show = () => Promise.reject(new Error("no drawing"))
  report({ theta0: 0.5 })
  await answer()
  assert.deepEqual(heard(), [[{ theta0: 0.5 }, false]])
  assert.deepEqual(painted, ["waiting"])
  await run(told[0].sequence)
  assert.deepEqual(painted.slice(-2), ["done", "part"])
})

test("an answer that arrives after its component left is drawn by those that stay", async () => {
  const values = []
  exchange.enter("tools", { skeletons: () => ({}), show: async (_, its) => values.push(its), note: () => false })
  report({ theta0: 0.5 })
  exchange.leave("stage", stage)
  await answer()
  assert.deepEqual(shown, [])
  assert.deepEqual(values, [{ theta0: 1 }])
  assert.deepEqual(painted, ["waiting", "done", "part"])
  assert.equal(told.length, 0)
})

test("an answer does not know what was changed after it", async () => {
  report({ samplers: "HMC" }, true)
  const [{ sequence }] = told
  assert(exchange.isNewer("samplers", sequence - 1))
  assert(!exchange.isNewer("samplers", sequence)) // its own answer
  assert(!exchange.isNewer("below", sequence - 1))
  report({ samplers: "HMC,SVGD" }, true) // waits for the first answer
  assert(exchange.isNewer("samplers", sequence))
  await run(sequence)
  assert(exchange.isNewer("samplers", sequence))
  await run(told.at(-1).sequence)
  assert(!exchange.isNewer("samplers", told.at(-1).sequence - 1))
})
