// The glossary: each of its terms in a sentence is a button that opens what it means.

import { element } from "./element.js"
import { term } from "./help.js"

/** @type {Record<string, string>} */
let meanings = {}
/** @type {Record<string, string>} */
let lessons = {} // by term: the step in which it is seen
let pattern = /($^)/g // until the terms are there

/** Load the terms; sentences that are told before stay plain text until they are told again. */
const loaded = Promise.all(["./glossary.json", "./glossary_lessons.json"].map(read))
  .then(([terms, steps]) => {
    meanings = terms
    lessons = steps
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
      const button = term(
        part,
        () => found(meanings, part),
        () => lessonOf(part),
      )
      // What ends a sentence after a term stays on its line.
      const [mark] = /^[.,;:?)’]+/.exec(parts[i + 1]) ?? [""]
      parts[i + 1] = parts[i + 1].slice(mark.length)
      return mark ? element("span", { className: "lab-kept" }, [button, mark]) : button
    }),
  )
}

/** @param {string} name of a file beside this one */
async function read(name) {
  const response = await fetch(new URL(name, import.meta.url))
  return response.json()
}

/** Return what a table has for a term, in whatever letters it is written; "" where it has nothing.
 * @param {Record<string, string>} table
 * @param {string} text */
function found(table, text) {
  const [, value] = Object.entries(table).find(([name]) => name.toLowerCase() === text.toLowerCase()) ?? []
  return value ?? ""
}

/** Return a link to the step of a lesson in which a term is seen.
 * @param {string} text */
function lessonOf(text) {
  const step = found(lessons, text)
  if (!step) return []
  const { href } = new URL(`./lessons?lesson=${step}`, document.baseURI)
  const attends =
    document.documentElement.hasAttribute("data-lab-lesson") || new URLSearchParams(location.search).has("exercise")
  const target = attends ? "_blank" : "" // so that a lesson or an exercise stays where it is
  return [element("a", { href, target, className: "lab-to-lesson", textContent: "See it in a lesson" })]
}
