// What a part of the page means, in a leaf beside it: for mouse, keyboard and finger.

import { element } from "./element.js"

const REST_MS = 500 // for which the mouse rests on a control before its help opens

/** @type {HTMLElement | undefined} */
let hinted // the leaf of controls, which takes no click for itself
/** @type {HTMLElement | undefined} */
let leaf // of terms

/** Show a leaf below a node.
 * @param {HTMLElement} shown
 * @param {HTMLElement} node
 * @param {(string | Node)[]} content */
function showBelow(shown, node, content) {
  shown.replaceChildren(...content)
  node.after(shown) // so that a screen reader reads it next
  if (!shown.matches(":popover-open")) shown.showPopover()
  place(shown, node)
}

/** Place an open leaf below a node, or above it where there is no room.
 * @param {HTMLElement} shown
 * @param {HTMLElement} node */
export function place(shown, node) {
  const { left, top, bottom } = node.getBoundingClientRect()
  const { width, height } = shown.getBoundingClientRect()
  const below = bottom + 6 + height < innerHeight
  shown.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`
  shown.style.top = `${below ? bottom + 6 : Math.max(8, top - 6 - height)}px`
}

/** Return a button in the place of a term, which opens what it means.
 * @param {string} text
 * @param {() => string} meaning
 * @param {() => Node[]} [further] what stands after the meaning */
export function term(text, meaning, further = () => []) {
  const node = element("button", { type: "button", className: "lab-term", textContent: text })
  node.addEventListener("click", () => {
    leaf ??= element("div", { className: "lab-meaning", popover: "auto", role: "note" })
    const content = [element("b", { textContent: text }), ` ${meaning()}`, ...further()]
    showBelow(/** @type {HTMLElement} */ (leaf), node, content)
  })
  return node
}

/** Bring the text of a node up to date; with a help, it is a term that opens it.
 * @param {HTMLElement} node
 * @param {string} text
 * @param {string} [help] */
export function sayWithHelp(node, text, help = "") {
  node.hidden = !text
  const told = `${text}\n${help}`
  if (node.dataset.told === told) return
  node.dataset.told = told
  node.replaceChildren(help && text ? term(text, () => help) : text)
}

/** Give a control a help, which opens where the mouse rests on its node, a finger touches it, or the keyboard gets there.
 * @param {HTMLElement} node
 * @param {HTMLElement} control
 * @param {() => string | undefined} told returns the help, "" for none */
export function hint(node, control, told) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const open = () => {
    const text = told()
    if (!text || !node.isConnected) return
    hinted ??= element("div", { className: "lab-meaning", popover: "manual", role: "note" })
    showBelow(/** @type {HTMLElement} */ (hinted), node, [text])
  }
  const close = () => {
    clearTimeout(timer)
    if (hinted?.isConnected && hinted.matches(":popover-open")) hinted.hidePopover()
  }
  control.ariaDescription = told() ?? ""
  node.addEventListener("pointerenter", ({ pointerType }) => {
    timer = setTimeout(open, pointerType === "mouse" ? REST_MS : 0)
  })
  for (const event of ["pointerleave", "click"]) node.addEventListener(event, close)
  control.addEventListener("focus", () => control.matches(":focus-visible") && open())
  control.addEventListener("blur", close)
  control.addEventListener("keydown", (event) => event.key === "Escape" && close())
}
