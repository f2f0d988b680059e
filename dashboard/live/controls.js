// Controls: they report while they are dragged.

import { box, text } from "./box.js"
import { element, say } from "./element.js"
import { report } from "./messages.js"
import { styled } from "./theme.js"

function format(value, item) {
  return Number(value)
    .toLocaleString("en-US", {
      minimumFractionDigits: item.digits,
      maximumFractionDigits: Math.max(item.digits, 6),
      useGrouping: false,
    })
    .replace("-", "−")
}

// A number that can be typed and, unless the item is typed only, dragged.
function slider(item, send) {
  const typed = element("input", {
    type: "text",
    inputMode: "decimal",
    ariaLabel: `${item.symbol}, typed`,
    autocomplete: "off",
  })
  const range = element("input", {
    type: "range",
    min: item.low,
    max: item.high,
    step: item.step,
    value: item.value,
    ariaLabel: `${item.label} ${item.symbol}`,
    title: "Double click: back to the default",
  })
  const node = element("label", { className: "lab-slider", dataset: { field: item.field } }, [
    element("span", { className: "lab-name" }, [element("b", { textContent: item.symbol }), ` ${item.label}`]),
    typed,
    element("span", { className: "lab-unit", textContent: item.unit }),
  ])
  if (!item.typed_only) {
    const share = (item.default - item.low) / (item.high - item.low)
    const tick = element("i", { className: "lab-tick", style: { left: `calc(8px + ${share} * (100% - 16px))` } })
    node.append(element("span", { className: "lab-track" }, [tick, range]))
  }
  let dragging = false
  const show = (value) => {
    typed.value = format(value, item)
  }
  const tell = (event, value, final) => report(event, send(), { [item.field]: value }, final)
  // A slider let go where it was picked up has no change event: letting go ends the drag. A key that is held has one at
  // each repeat: its release ends the drag.
  let letGo = false
  let keyDown = false
  let keyMoves = false
  const keyUp = (event) => {
    if (keyMoves) tell(event, range.value, true)
    keyDown = keyMoves = false
  }
  range.addEventListener("keydown", () => {
    keyDown = true
  })
  range.addEventListener("keyup", keyUp)
  range.addEventListener("blur", keyUp)
  range.addEventListener("pointerdown", () => {
    dragging = true
  })
  range.addEventListener("pointerup", (event) => {
    dragging = false
    letGo = true
    tell(event, range.value, true)
  })
  range.addEventListener("pointercancel", (event) => {
    dragging = false
    tell(event, range.value, true)
  })
  range.addEventListener("input", (event) => {
    letGo = false
    keyMoves = keyDown && !dragging
    show(range.value)
    tell(event, range.value, false)
  })
  range.addEventListener("change", (event) => {
    if (!letGo && !keyMoves) tell(event, range.value, true)
  })
  range.addEventListener("dblclick", (event) => tell(event, item.default, true))
  typed.addEventListener("change", (event) => tell(event, typed.value, true))
  typed.addEventListener("keydown", (event) => {
    if (event.key === "Enter") typed.blur()
  })
  const update = (next) => {
    if (dragging || keyMoves || document.activeElement === typed) return
    range.value = next.value
    show(next.value)
    node.classList.toggle("lab-outside", next.value < item.low || next.value > item.high)
  }
  return { node, update }
}

function toggle(item, send) {
  const box = element("input", { type: "checkbox" })
  box.addEventListener("change", (event) => report(event, send(), { [item.field]: box.checked }, true))
  const node = element("label", { className: "lab-toggle", dataset: { field: item.field }, title: item.help ?? "" }, [
    box,
    ` ${item.label}`,
  ])
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
  const node = element("label", { className: "lab-choice", dataset: { field: item.field }, title: item.help ?? "" }, [
    element("span", { textContent: item.label }),
    select,
  ])
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
    className: "lab-button",
    textContent: item.label,
    dataset: { field: item.field },
    title: item.help ?? "",
  })
  let latest = item
  node.addEventListener("click", async (event) => {
    if (latest.copy) {
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
    },
  }
}

/** Return the line and the mark that stand for something in a plot.
 * @param {any} look */
function sign({ colour: named, dash, path }) {
  const colour = styled(named)
  const line = `<path d="M-16,0H16" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>`
  const mark = `<path d="${path}" fill="${colour}" transform="scale(0.9, -0.9)"/>` // plots count pixels upwards
  return element("span", { className: "lab-sign", innerHTML: `<svg viewBox="-16 -8 32 16">${line}${mark}</svg>` })
}

// Check boxes of which several can be ticked.
function several(item, send) {
  const boxes = item.options.map(({ value }) => element("input", { type: "checkbox", value }))
  const ticked = () =>
    boxes
      .filter((box) => box.checked)
      .map((box) => box.value)
      .join()
  for (const box of boxes)
    box.addEventListener("change", (event) => report(event, send(), { [item.field]: ticked() }, true))
  const labels = item.options.map(({ value, help, ...look }, i) =>
    element("label", { className: "lab-toggle", title: help }, [boxes[i], sign(look), value]),
  )
  const node = element("div", { className: "lab-several", dataset: { field: item.field } }, labels)
  return {
    node,
    update: (next) =>
      boxes.forEach((box) => {
        box.checked = next.value.includes(box.value)
      }),
  }
}

function progress(item) {
  const bar = element("progress", { max: 1, ariaLabel: item.field })
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

// The clipboard is closed to pages that come neither from loopback nor by https, and in a frame; a selected field is not.
async function copy(text) {
  try {
    return await navigator.clipboard.writeText(text)
  } catch {
    /* on to the field */
  }
  const field = element("textarea", { value: text })
  document.body.append(field)
  field.select()
  document.execCommand("copy")
  field.remove()
}

// How each kind of control is made: (item, send) → its node and a function that brings it up to date.
const MAKERS = { slider, toggle, choice, several, button, progress, text, box }

export class Controls {
  constructor(root) {
    this.root = root
    this.shape = ""
    this.items = []
    this.latest = /** @type {import("./data").Item[]} */ ([]) // as the server described them last
    this.send = /** @type {import("./data").Send} */ (() => {})
  }

  /** @param {{ groups: import("./data").Group[], inline: boolean }} data
   * @param {import("./data").Send} send to Streamlit */
  update(data, send) {
    this.send = send
    const shape = JSON.stringify(
      data.groups.map((group) => [
        group.title,
        group.items.map((item) => [item.kind, item.field, item.kind === "text" ? "" : item.label, item.options]),
      ]),
    )
    if (shape !== this.shape) this.build(data, shape)
    const items = data.groups.flatMap((group) => group.items)
    for (const [i, item] of items.entries()) this.items[i].update(item)
    this.latest = items
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

  close() {}

  build(data, shape) {
    this.shape = shape
    this.items = []
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
