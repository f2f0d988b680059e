// The glossary: each of its terms in a sentence is a button that opens what it means.

import { term } from "./help.js"

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
      const name = part.toLowerCase()
      if (i % 2 === 0 || met.has(name)) return part
      met.add(name)
      return term(part, () => meaningOf(part))
    }),
  )
}

/** @param {string} text */
function meaningOf(text) {
  const [, meaning] = Object.entries(meanings).find(([name]) => name.toLowerCase() === text.toLowerCase()) ?? []
  return meaning ?? ""
}
