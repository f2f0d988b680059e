// A slider, with a box for its number.

import { element } from "./element.js"
import { hint } from "./help.js"
import { report } from "./messages.js"

function format(value, item) {
  const text = Number(value).toLocaleString("en-US", {
    minimumFractionDigits: item.digits,
    maximumFractionDigits: item.most ?? Math.max(item.digits, 6),
    useGrouping: false,
  })
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−") // no minus before zero
}

// A number that can be typed and, unless the item is typed only, dragged.
export function slider(item, send) {
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
    title: "Double click, or Delete: back to the default",
  })
  const twin = element("span", { className: "lab-unit" })
  const node = element("label", { className: "lab-slider", dataset: { field: item.field } }, [
    element("span", { className: "lab-name" }, [element("b", { textContent: item.symbol }), ` ${item.label} `, twin]),
    typed,
    element("span", { className: "lab-unit", textContent: item.unit }),
  ])
  if (!item.typed_only) {
    const share = (item.default - item.low) / (item.high - item.low)
    const tick = element("i", { className: "lab-tick", style: { left: `calc(8px + ${share} * (100% - 16px))` } })
    node.append(element("span", { className: "lab-track" }, [tick, range]))
  }
  let latest = item
  const isOutside = () => latest.value < item.low || latest.value > item.high
  hint(node, typed, () =>
    isOutside() ? `Beyond the slider, which goes from ${format(item.low, item)} to ${format(item.high, item)}.` : "",
  )
  let dragging = false
  let shown = "" // in the box, before anyone types
  const show = (value) => {
    shown = typed.value = format(value, item)
    if (item.twin) twin.textContent = `(${item.twin[0]} ${format(value * item.twin[1], { digits: 2, most: 3 })})`
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
  range.addEventListener("keydown", (event) => {
    if (event.key === "Delete" || event.key === "Backspace") tell(event, item.default, true)
  })
  typed.addEventListener("change", (event) => {
    if (typed.value !== shown) tell(event, typed.value, true)
  })
  typed.addEventListener("keydown", (event) => {
    if (event.key === "Escape") typed.value = shown
    if (event.key === "Enter" || event.key === "Escape") typed.blur()
  })
  const update = (next) => {
    if (dragging || keyMoves || document.activeElement === typed) return
    range.value = next.value
    latest = next
    show(next.value)
    node.classList.toggle("lab-outside", isOutside())
  }
  return { node, update }
}
