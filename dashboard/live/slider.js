// A slider, with a box for its number.

import { element } from "./element.js"
import { hint } from "./help.js"
import { report } from "./messages.js"

// The slider of a logarithmic number moves its logarithm; the number is rounded to two digits.
const onTrack = (value, item) => (item.logarithmic ? Math.log10(value) : value)
const fromTrack = (place, item) => (item.logarithmic ? Number((10 ** place).toPrecision(2)) : place)

function format(value, item) {
  const text = Number(value).toLocaleString("en-US", {
    minimumFractionDigits: item.logarithmic ? 0 : item.digits,
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
    min: onTrack(item.low, item),
    max: onTrack(item.high, item),
    step: item.step,
    value: onTrack(item.value, item),
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
    const [low, at, high] = [item.low, item.default, item.high].map((value) => onTrack(value, item))
    const share = (at - low) / (high - low)
    const tick = element("i", { className: "lab-tick", style: { left: `calc(8px + ${share} * (100% - 16px))` } })
    node.append(element("span", { className: "lab-track" }, [tick, range]))
  }
  const chosen = () => fromTrack(range.value, item)
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
    if (keyMoves) tell(event, chosen(), true)
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
    tell(event, chosen(), true)
  })
  range.addEventListener("pointercancel", (event) => {
    dragging = false
    tell(event, chosen(), true)
  })
  range.addEventListener("input", (event) => {
    letGo = false
    keyMoves = keyDown && !dragging
    show(chosen())
    tell(event, chosen(), false)
  })
  range.addEventListener("change", (event) => {
    if (!letGo && !keyMoves) tell(event, chosen(), true)
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
    range.value = String(onTrack(next.value, item))
    latest = next
    show(next.value)
    node.classList.toggle("lab-outside", isOutside())
  }
  return { node, update }
}
