// The exchange with the server. While a hand is on a control, the live route answers from the experiment alone; when it
// is let go, Streamlit gets the change and the page settles. Where the route fails, Streamlit answers all the way.
// One report is in flight at a time. The next one is sent when the answer to the last has been painted, and has only the
// newest value of each field. What is dragged after a final report never joins it: the live route knows numbers alone,
// not what a click asks for once.

const PATIENCE_MS = 4000 // an answer that takes longer no longer holds back the next change
const DETOUR_MS = 2000 // for which Streamlit is asked after the live route has failed
const UNHEARD = `The server has not answered for ${PATIENCE_MS / 1000} s. The last change is sent again with the next one; if that changes nothing, reload the page.`

/** @typedef {import("./data").Changes} Changes */
/** @typedef {import("./data").Send} Send */
/** @typedef {{ send: Send, changes: Changes, time: number }} Report */
/** @typedef {{ sequence: number, time: number, final: boolean, request?: AbortController }} Asked */

const link = {
  sequence: Date.now(), // of the last change sent
  nextFinal: /** @type {Report | null} */ (null), // waits to be sent
  nextDrag: /** @type {Report | null} */ (null), // waits to be sent after nextFinal
  inFlight: /** @type {Asked | null} */ (null), // holds back the next change
  unanswered: /** @type {Asked | null} */ (null), // the last change sent, until its answer is painted
  dragged: /** @type {Changes} */ ({}), // sent since the last final report
  unheard: { sequence: 0, changes: /** @type {Changes} */ ({}) }, // the last final report, until its answer is painted
  detourUntil: 0,
  left: /** @type {HTMLElement | null} */ (null), // a link that was clicked before the last change was answered
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
  const { nextFinal, nextDrag } = link
  const time = event.timeStamp
  if (final) {
    const before = { ...nextFinal?.changes, ...nextDrag?.changes }
    link.nextFinal = { send, changes: { ...before, ...changes, ...clicked(before, changes) }, time }
    link.nextDrag = null
    if (link.inFlight?.request) drop(link.inFlight.request)
  } else {
    link.nextDrag = { send, changes: { ...nextDrag?.changes, ...changes }, time }
  }
  waiting(true)
  sendNext()
}

/** Say whether a field was changed after the last change that the server knows, so that what it sends is older.
 * @param {string} field
 * @param {number} knows sequence number of that change */
export function isNewer(field, knows) {
  const { nextFinal, nextDrag, unheard } = link
  const sent = knows < unheard.sequence ? unheard.changes : {}
  return [nextFinal?.changes, nextDrag?.changes, sent].some((changes) => changes && field in changes)
}

/** Return the points of clicks that wait and of a new one, which adds to them.
 * @param {Changes} before
 * @param {Changes} now */
function clicked({ start: first }, { start: next }) {
  return first && next ? { start: `${first};${next}` } : {}
}

function sendNext() {
  if (link.inFlight) return
  if (link.nextFinal) sendFinal(link.nextFinal)
  else if (link.nextDrag) sendDrag(link.nextDrag)
}

/** @param {Report} report */
function sendFinal({ send, changes, time }) {
  link.nextFinal = null
  const asked = begin(time, true)
  const own = { ...link.dragged, ...changes }
  const all = { ...link.unheard.changes, ...own }
  // Changes go out twice at most: the server may be silent because it cannot read them.
  link.unheard = { sequence: asked.sequence, changes: own }
  link.dragged = {}
  known.clear() // until a run brings the new address, which it does before it answers
  tellStreamlit(asked, all, send)
}

/** @param {Report} report */
function sendDrag({ send, changes, time }) {
  link.nextDrag = null
  const asked = begin(time, false)
  link.dragged = { ...link.dragged, ...changes }
  const live = [...known.values()].at(-1)
  if (live && performance.now() >= link.detourUntil) askRoute(asked, live, send)
  else tellStreamlit(asked, link.dragged, send)
}

/** @param {number} time
 * @param {boolean} final
 * @returns {Asked} */
function begin(time, final) {
  link.sequence += 1
  link.inFlight = link.unanswered = { sequence: link.sequence, time, final }
  return link.inFlight
}

/** Let the next report go, whether or not the last one was answered. */
function goOn() {
  clearTimeout(link.timer)
  link.inFlight = null
  sendNext()
  if (link.inFlight) return
  link.left?.click()
  link.left = null
}

// ------------------------------------------------------------------------------------------------------ Streamlit's way

/** @param {Asked} asked
 * @param {Changes} changes
 * @param {Send} send */
function tellStreamlit({ sequence, final }, changes, send) {
  if (ahead) ahead.until = sequence
  link.timer = setTimeout(() => {
    if (final) note(UNHEARD)
    ahead?.end()
    goOn()
  }, PATIENCE_MS)
  send({ sequence, changes, final })
}

/** Let a click on a link wait for the answer to the last change. Streamlit would send the new page first, or both at once,
 * and the change for a page that is gone: it was lost, the old page came back, or the new one stayed empty.
 * @param {MouseEvent} event */
export function leaveAfterChanges(event) {
  const to = event.target instanceof Element && /** @type {HTMLElement | null} */ (event.target.closest("a[href]"))
  if (!to || !(link.inFlight?.final || link.nextFinal) || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  event.stopImmediatePropagation()
  link.left = to
}

/** During a drag the screen is newer than any Streamlit run. Hold runs back until one answers the release, the report
 * with the sequence number `until`.
 * @type {{ until: number, ended: Promise<void>, end: () => void } | null} */
let ahead = null

/** What Streamlit sent last, by component.
 * @type {Map<string, import("./data").Data>} */
const newest = new Map()

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

/** Wait until what Streamlit sent to a component may be drawn. Returns false where newer data came meanwhile, or where
 * the component left.
 * @param {import("./data").Data} data */
export async function turnOf(data) {
  const { name, live, answers } = data
  if (live) {
    known.delete(name)
    known.set(name, live)
  }
  newest.set(name, data)
  if (!ahead) return true
  const { ended, end, until } = ahead
  if (answers >= until) end()
  await ended
  return newest.get(name) === data
}

/** Tell that the answer to a change is drawn: it is on screen after the next frame, before which input that waited
 * meanwhile is handed out.
 * @param {number} sequence */
export function painted(sequence) {
  requestAnimationFrame(() =>
    setTimeout(() => {
      if (sequence === link.unheard.sequence) {
        link.unheard = { sequence: 0, changes: {} }
        note("")
      }
      const { unanswered } = link
      if (!unanswered || sequence < unanswered.sequence) return
      const detail = { milliseconds: performance.now() - unanswered.time, final: unanswered.final }
      link.unanswered = null
      waiting(Boolean(link.nextFinal || link.nextDrag))
      document.dispatchEvent(new CustomEvent("inverse-lab-painted", { detail }))
      goOn()
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
    link.nextDrag ??= { send, changes: {}, time: asked.time }
    goOn()
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
  newest.delete(name)
  ahead?.end()
}

/** Show a sentence above the uppermost plots; "" takes it away.
 * @param {string} sentence */
function note(sentence) {
  for (const component of components.values()) {
    if (component.note(sentence)) return
  }
}
