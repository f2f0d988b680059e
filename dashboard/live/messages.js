// The exchange with the server. While a hand is on a control, the live route answers from the experiment alone; when it
// is let go, Streamlit gets the change and the page settles. Where the route fails, Streamlit answers all the way.
// One change is in flight at a time: the next one is sent when the answer to the last has been painted, and then only
// the newest value of each field.

const PATIENCE_MS = 4000 // an answer that takes longer no longer holds back the next change
const DETOUR_MS = 2000 // for which Streamlit is asked after the live route has failed

/** @typedef {import("./data").Changes} Changes */
/** @typedef {import("./data").Send} Send */
/** @typedef {{ sequence: number, time: number, final: boolean, request?: AbortController }} Asked */

const link = {
  sequence: Date.now(), // of the last change sent
  pending: /** @type {{ send: Send, changes: Changes, final: boolean, time: number } | null} */ (null),
  inFlight: /** @type {Asked | null} */ (null), // holds back the next change
  unanswered: /** @type {Asked | null} */ (null), // the last change sent, until its answer is painted
  dragged: /** @type {Changes} */ ({}), // since the last final report
  detourUntil: 0,
  timer: /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined),
}

/** What the live route needs, by the component that brought it; the last one is the newest.
 * @type {Map<string, import("./data").Live>} */
const known = new Map()

/** The components on the page by name.
 * @type {Map<string, import("./data").Component>} */
const components = new Map()

/** @param {boolean} whether */
const waiting = (whether) => document.documentElement.toggleAttribute("data-lab-waiting", whether)

/** Send changes as soon as the answer to the last ones is painted; final: no hand is on the control any more.
 * @param {Event} event
 * @param {Send} send to Streamlit
 * @param {Changes} changes
 * @param {boolean} final */
export function report(event, send, changes, final) {
  link.pending = { send, changes: { ...link.pending?.changes, ...changes }, final, time: event.timeStamp }
  waiting(true)
  if (final && link.inFlight?.request) drop(link.inFlight.request)
  flush()
}

function flush() {
  if (link.inFlight || !link.pending) return
  const { send, changes, final, time } = link.pending
  const live = [...known.values()].at(-1)
  link.pending = null
  link.sequence += 1
  link.dragged = { ...link.dragged, ...changes }
  link.inFlight = link.unanswered = { sequence: link.sequence, time, final }
  if (live && !final && performance.now() >= link.detourUntil) askRoute(link.inFlight, live, send)
  else tellStreamlit(link.inFlight, send)
}

function release() {
  clearTimeout(link.timer)
  link.inFlight = null
  flush()
}

// ------------------------------------------------------------------------------------------------------ Streamlit's way

/** @param {Asked} asked
 * @param {Send} send */
function tellStreamlit({ sequence, final }, send) {
  const changes = link.dragged
  if (final) {
    link.dragged = {}
    known.clear() // until a run brings the new address, which it does before it answers
  }
  if (ahead) ahead.until = sequence
  link.timer = setTimeout(() => {
    ahead?.end()
    release()
  }, PATIENCE_MS)
  send({ sequence, changes, final })
}

/** From the first request of a drag until Streamlit answers with all of its changes, what comes from Streamlit is older
 * than what is on screen: it waits.
 * @type {{ until: number, ended: Promise<void>, end: () => void } | null} */
let ahead = null

function goAhead() {
  let end = () => {}
  const ended = new Promise((/** @type {(_: void) => void} */ resolve) => {
    end = () => {
      ahead = null
      resolve()
    }
  })
  ahead = { until: Number.POSITIVE_INFINITY, ended, end }
}

/** Wait until what Streamlit sent to a component may be drawn, and keep what the live route will need.
 * @param {import("./data").Data} data */
export async function turnOf({ name, live, answers }) {
  if (live) {
    known.delete(name)
    known.set(name, live)
  }
  if (!ahead) return
  const { ended, end, until } = ahead
  if (answers >= until) end()
  await ended
}

/** Tell that the answer to a change is drawn: it is on screen after the next frame, before which input that waited
 * meanwhile is handed out.
 * @param {number} sequence */
export function painted(sequence) {
  requestAnimationFrame(() =>
    setTimeout(() => {
      const { unanswered } = link
      if (!unanswered || sequence < unanswered.sequence) return
      const detail = { milliseconds: performance.now() - unanswered.time, final: unanswered.final }
      link.unanswered = null
      waiting(Boolean(link.pending))
      document.dispatchEvent(new CustomEvent("inverse-lab-painted", { detail }))
      release()
    }),
  )
}

// ------------------------------------------------------------------------------------------------------- the live route

/** @param {Asked} asked
 * @param {import("./data").Live} live
 * @param {Send} send to Streamlit, should the route fail */
async function askRoute(asked, live, send) {
  const request = new AbortController()
  asked.request = request
  if (!ahead) goAhead()
  const timer = setTimeout(() => request.abort(), PATIENCE_MS)
  const drawn = Object.assign({}, ...[...components.values()].map((component) => component.skeletons()))
  try {
    const response = await fetch(new URL("./lab/live", document.baseURI), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...live, changes: link.dragged, drawn }),
      signal: request.signal,
    })
    if (!response.ok) throw new Error(`the live route answered with ${response.status}`)
    const { stages, values } = await response.json()
    if (link.inFlight !== asked) return
    clearTimeout(timer)
    await Promise.all([...components].map(([name, component]) => component.show(stages[name], values)))
    painted(asked.sequence)
  } catch {
    if (link.inFlight !== asked) return
    link.detourUntil = performance.now() + DETOUR_MS
    link.pending ??= { send, changes: {}, final: false, time: asked.time }
    release()
  } finally {
    clearTimeout(timer)
  }
}

/** @param {AbortController} request */
function drop(request) {
  link.inFlight = null
  request.abort()
}

// --------------------------------------------------------------------------------------------- the components on the page

/** @param {string} name
 * @param {import("./data").Component} component */
export function enter(name, component) {
  components.set(name, component)
}

/** Forget a component that has left the page; what another one of its name has brought stays.
 * @param {string} name
 * @param {import("./data").Component} component */
export function leave(name, component) {
  if (components.get(name) !== component) return
  components.delete(name)
  known.delete(name)
  ahead?.end()
}
