// Controls: they report while they are dragged.

import { box, text } from "./box.js"
import { card } from "./card.js"
import { chooser } from "./chooser.js"
import { copy } from "./clipboard.js"
import { element, same, say } from "./element.js"
import { toggleLecture } from "./frame.js"
import { hint } from "./help.js"
import { isFree, isLit } from "./lesson_state.js"
import { isNewer, report } from "./messages.js"
import { several } from "./several.js"
import { slider } from "./slider.js"
import { tabs } from "./tabs.js"

function toggle(item, send) {
  const box = element("input", { type: "checkbox" })
  box.addEventListener("change", (event) => report(event, send(), { [item.field]: box.checked }, true))
  const node = element("label", { className: "lab-toggle", dataset: { field: item.field } }, [box, ` ${item.label}`])
  hint(node, box, () => item.help)
  return {
    node,
    update: (next) => {
      box.checked = next.value
    },
  }
}

function choice(item, send) {
  const select = element("select", { ariaLabel: item.label })
  select.append(...item.options.map(([value, label]) => element("option", { value, textContent: label })))
  select.addEventListener("change", (event) => report(event, send(), { [item.field]: select.value }, true))
  const node = element("label", { className: "lab-choice", dataset: { field: item.field } }, [
    element("span", { textContent: item.label }),
    select,
  ])
  hint(node, select, () => item.help)
  return {
    node,
    update: (next) => {
      select.value = next.value
    },
  }
}

function button(item, send) {
  const node = element("button", {
    type: "button",
    className: item.primary ? "lab-button lab-primary" : "lab-button",
    textContent: item.label,
    dataset: { field: item.field },
  })
  let latest = item
  hint(node, node, () => latest.help)
  node.addEventListener("click", async (event) => {
    if (latest.lecture) {
      toggleLecture()
    } else if (latest.copy) {
      await copy(location.href)
      node.textContent = "Copied"
      setTimeout(() => {
        node.textContent = latest.label
      }, 1500)
    } else {
      report(event, send(), { [item.field]: latest.value }, true)
    }
  })
  return {
    node,
    update: (next) => {
      latest = next
      node.disabled = Boolean(next.idle)
    },
  }
}

function progress(item) {
  const bar = element("progress", { max: 1, ariaLabel: item.label })
  const said = element("span")
  const node = element("div", { className: "lab-progress", dataset: { field: item.field } }, [bar, said])
  return {
    node,
    update: (next) => {
      bar.value = next.value
      say(said, next.text)
    },
  }
}

// How each kind of control is made: (item, send) → its node and a function that brings it up to date.
const MAKERS = { slider, toggle, choice, tabs, several, chooser, button, card, progress, text, box }

/** Let no hand change a control that an exercise has locked, or let it again.
 * @param {HTMLElement} node
 * @param {import("./data").Item} item */
function bar(node, { locked = false }) {
  node.classList.toggle("lab-locked", locked)
  for (const part of node.querySelectorAll("input, select, button")) Object.assign(part, { disabled: locked })
}

export class Controls {
  constructor(root) {
    this.root = root
    this.shape = ""
    this.items = []
    this.latest = /** @type {import("./data").Item[]} */ ([]) // as the server described them last
    this.send = /** @type {import("./data").Send} */ (() => {})
    this.lock = () => {
      for (const [i, item] of this.latest.entries()) {
        const { node } = this.items[i]
        node.hidden = !isFree(item)
        node.classList.toggle("lab-lit", isLit(item.field))
      }
      for (const group of this.root.querySelectorAll(".lab-group")) {
        group.hidden = [...group.querySelector(".lab-body, .lab-inline").children].every((node) => node.hidden)
      }
      this.root.toggleAttribute(
        "data-bare",
        this.items.every(({ node }) => node.hidden),
      )
    }
    document.addEventListener("inverse-lab-allowed", this.lock)
  }

  /** What a hand has changed since the last change that the server knows stays as it is.
   * @param {{ groups: import("./data").Group[], inline: boolean, knows: number }} data
   * @param {import("./data").Send} send to Streamlit
   * @param {boolean} [settled] whether no hand is on a control: what the server has not changed may then be put back */
  update(data, send, settled = true) {
    this.send = send
    const shape = JSON.stringify(
      data.groups.map((group) => [
        group.title,
        group.items.map((item) => [item.kind, item.field, item.kind === "text" ? "" : item.label, item.options]),
      ]),
    )
    if (shape !== this.shape) this.build(data, shape)
    const items = data.groups.flatMap((group) => group.items)
    for (const [i, item] of items.entries()) {
      const isStale = isNewer(item.field, data.knows)
      if (!isStale && (settled || !same(item, this.latest[i]))) this.items[i].update(item)
      if (Boolean(item.locked) !== Boolean(this.latest[i]?.locked)) bar(this.items[i].node, item)
    }
    this.latest = items
    this.lock()
    this.age({})
  }

  /** Return the skeletons of plots, of which there are none. */
  skeletons() {
    return {}
  }

  /** Put new values into sliders.
   * @param {import("./data").Changes} values */
  put(values) {
    for (const [i, item] of this.latest.entries()) {
      if ((item.kind === "slider" || item.kind === "box") && item.field in values)
        this.items[i].update({ ...item, value: values[item.field] })
    }
    this.age(values)
  }

  /** Dim the preset and the sentence under it while new values of sliders may belong to another one.
   * @param {import("./data").Changes} values */
  age(values) {
    const preset = this.items[this.latest.findIndex(({ field }) => field === "preset")]
    const moved = ({ kind, field, value }) =>
      kind === "slider" && field in values && values[field] !== value && !field.startsWith("candidate_")
    preset?.node.parentElement.classList.toggle("lab-stale", this.latest.some(moved))
  }

  /** Controls have no place for a sentence: plots show it. */
  note() {
    return false
  }

  close() {
    document.removeEventListener("inverse-lab-allowed", this.lock)
  }

  build(data, shape) {
    this.shape = shape
    this.items = []
    this.latest = [] // what is new has no values yet
    this.root.classList.toggle(
      "lab-folds",
      data.groups.some(({ title }) => title),
    )
    this.root.replaceChildren(
      ...data.groups.map((group) => {
        const parts = group.items.map((item) => {
          const made = MAKERS[item.kind](item, () => this.send)
          this.items.push(made)
          return made.node
        })
        const body = element("div", { className: data.inline ? "lab-inline" : "lab-body" }, parts)
        if (group.columns) body.style.gridTemplateColumns = `repeat(${group.columns}, minmax(0, 1fr))`
        if (!group.title) return body
        return element("details", { className: "lab-group", open: !group.closed }, [
          element("summary", { textContent: group.title }),
          body,
        ])
      }),
    )
  }
}
