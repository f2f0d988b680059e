// The live component: one module serves every instance on a page.

import { watchForIdleness } from "./autoplay.js"
import { Controls } from "./controls.js"
import { element } from "./element.js"
import { drawer } from "./frame.js"
import { Lesson } from "./lesson.js"
import { enter, leave, leaveAfterChanges, painted, turnOf } from "./messages.js"
import { Plots } from "./stage.js"

const style = element("link", { rel: "stylesheet", href: new URL("./lab/style.css", document.baseURI).href })
const styled = new Promise((resolve) => {
  style.onload = style.onerror = resolve
})
document.head.append(style)
await styled // so that nothing is drawn before it has its size

const CONTENTS = { controls: Controls, plots: Plots, lesson: Lesson }

/** An instance on the page, and the updates of it that are under way. */
class Instance {
  /** @type {import("./data").Send} to Streamlit */
  send = () => {}

  /** @param {HTMLElement} parent
   * @param {import("./data").Data} data */
  constructor(parent, { kind, name }) {
    this.name = name
    this.root = element("div", { className: `lab-${kind}` })
    if (kind === "controls") Object.assign(this.root, { role: "region", ariaLabel: "Experiment" })
    parent.append(...(kind === "controls" ? [drawer()] : []), this.root)
    this.content = new CONTENTS[kind](this.root, name)
    this.queue = Promise.resolve()
    enter(name, this)
  }

  /** Draw one update after the other, so that an older one never draws over a newer. Rejects where drawing fails.
   * @param {import("./data").Data} data */
  draw(data) {
    const drawn = this.queue.then(() => this.content.update(/** @type {any} */ (data), this.send))
    this.queue = drawn.catch(() => {})
    return drawn
  }

  skeletons() {
    return this.content.skeletons()
  }

  /** @param {import("./data").Data | undefined} data
   * @param {import("./data").Changes} values */
  async show(data, values) {
    this.content.put(values)
    if (data) await this.draw(data)
  }

  /** @param {string} sentence */
  note(sentence) {
    return this.content.note(sentence)
  }

  close() {
    leave(this.name, this)
    this.content.close()
    this.root.parentElement?.replaceChildren()
  }
}

/** @type {WeakMap<HTMLElement, Instance>} */
const instances = new WeakMap()

document.addEventListener("click", leaveAfterChanges, true)
watchForIdleness()

/** Bring the instance in an element up to date, and return what takes it off the page.
 * @param {{ data: import("./data").Data, parentElement: HTMLElement, setTriggerValue: Function }} component */
export default function live({ data, parentElement, setTriggerValue }) {
  const held = instances.get(parentElement) ?? new Instance(parentElement, data)
  instances.set(parentElement, held)
  held.send = (change) => setTriggerValue("change", change)
  if (data.address) history.replaceState(history.state, "", `?${data.address}${location.hash}`)
  drawInTurn(held, data)
  return () => {
    instances.delete(parentElement)
    held.close()
  }
}

/** Draw what Streamlit sent, unless something newer came while it waited.
 * @param {Instance} held
 * @param {import("./data").Data} data */
async function drawInTurn(held, data) {
  if (!(await turnOf(data))) return
  await held.draw(data).catch((error) => console.error(error))
  if (data.answers) painted(data.answers)
}
