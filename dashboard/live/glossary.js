// The glossary: each of its terms in a sentence is a button that opens what it means.

import { element } from "./element.js"

/** @type {Record<string, string>} */
let meanings = {}
let pattern = /($^)/g // until the terms are there

/** Load the terms; sentences that are told before stay plain text until they are told again. */
const loaded = fetch(new URL("./glossary.json", import.meta.url))
  .then((response) => response.json())
  .then((terms) => {
    meanings = terms
    const longestFirst = Object.keys(terms)
      .flatMap((term) => [term, `${term[0].toUpperCase()}${term.slice(1)}`]) // as at the start of a sentence
      .sort((a, b) => b.length - a.length)
      .map((term) => term.replace(/[()]/g, "\\$&"))
    pattern = new RegExp(`(?<![\\p{L}\\d])(${longestFirst.join("|")})(?![\\p{L}\\d])`, "gu")
  })
  .catch((error) => console.error(error))

/** Bring the text of a node up to date, its terms as buttons.
 * @param {HTMLElement} node
 * @param {string} text */
export function explain(node, text) {
  node.hidden = !text
  if (node.dataset.told === text) return
  node.dataset.told = text
  write(node, text)
  loaded.then(() => {
    if (node.dataset.told === text && !node.querySelector("button")) write(node, text)
  })
}

/** @param {HTMLElement} node
 * @param {string} text */
function write(node, text) {
  const parts = text.split(pattern)
  const met = new Set()
  // A capturing group stands at the odd places; a term is a button where it comes first.
  node.replaceChildren(
    ...parts.map((part, i) => {
      const term = part.toLowerCase()
      if (i % 2 === 0 || met.has(term)) return part
      met.add(term)
      return button(part)
    }),
  )
}

/** @param {string} text */
function button(text) {
  const node = element("button", { type: "button", className: "lab-term", textContent: text })
  node.addEventListener("click", () => open(node, text))
  return node
}

const leaf = element("div", { className: "lab-meaning", popover: "auto", role: "note" })

/** Open the meaning of a term below it.
 * @param {HTMLElement} node
 * @param {string} term */
function open(node, term) {
  const heading = element("b", { textContent: term })
  const [, meaning] = Object.entries(meanings).find(([name]) => name.toLowerCase() === term.toLowerCase()) ?? []
  leaf.replaceChildren(heading, ` ${meaning}`)
  node.after(leaf) // so that a screen reader reads it next
  leaf.showPopover()
  const { left, bottom } = node.getBoundingClientRect()
  const { width, height } = leaf.getBoundingClientRect()
  leaf.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`
  leaf.style.top = `${Math.max(8, Math.min(bottom + 6, innerHeight - height - 8))}px`
}
