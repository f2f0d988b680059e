// How each kind of question is answered: on the picture, or in the strip. Each maker returns its node, and a function that
// gives the answer as text, "" while there is none.

import { drawingOf, element } from "./element.js"
import { draw, light, takeFrom } from "./lesson_state.js"
import { region } from "./region.js"
import { tell } from "./speech.js"

/** @typedef {() => void} Changed */

/** A place in a plot.
 * @param {any} question
 * @param {Changed} changed */
function pin({ plot }, changed) {
  let answer = ""
  const said = element("p", {
    className: "lab-lesson-how",
    textContent: "Click on the outlined plot to drop your pin; by keyboard: Tab to it, arrow keys, Enter.",
  })
  takeFrom({
    plot,
    take({ x, y }) {
      answer = `${x},${y}`
      draw([{ plot, role: "guess", label: "your pin", places: [[x, y]] }])
      tell(`Pin at ${x}, ${y}.`)
      changed()
    },
  })
  return { node: said, answer: () => answer }
}

/** Sliders that stand where they are meant to.
 * @param {any} question */
function move({ fields }) {
  const how = fields.length > 1 ? "Move the sliders, then commit." : "Move the slider, then commit."
  light(fields)
  return { node: element("p", { className: "lab-lesson-how", textContent: how }), answer: () => "moved" }
}

/** Entries in order: each can be moved up and down.
 * @param {any} question
 * @param {Changed} changed */
function order({ entries }, changed) {
  const rows = entries.map((/** @type {string} */ text, /** @type {number} */ i) => {
    const row = element("li", { dataset: { entry: i } }, [element("span", { textContent: text })])
    const mover = (sign, name, move) => {
      const button = element("button", {
        type: "button",
        className: "lab-button",
        textContent: sign,
        ariaLabel: `${text}: ${name}`,
      })
      button.addEventListener("click", () => {
        move()
        button.focus()
        tell(`${text}: place ${[...list.children].indexOf(row) + 1}`)
        changed()
      })
      return button
    }
    row.append(
      mover("↑", "up", () => row.previousElementSibling?.before(row)),
      mover("↓", "down", () => row.nextElementSibling?.after(row)),
    )
    return row
  })
  const list = element("ol", { className: "lab-order" }, rows)
  return { node: list, answer: () => [...list.children].map(({ dataset }) => dataset.entry).join() }
}

let made = 0

/** One of several answers, in words or small curves.
 * @param {any} question
 * @param {Changed} changed */
function choice({ options, ask }, changed) {
  made += 1
  const radios = options.map((/** @type {any} */ _, /** @type {number} */ i) =>
    element("input", { type: "radio", name: `lab-choice-${made}`, value: i }),
  )
  const labels = options.map(({ label, curve, alt }, i) => {
    radios[i].addEventListener("change", changed)
    return element("label", {}, [
      radios[i],
      ...(curve.length ? [picture(curve, alt)] : []),
      element("span", { textContent: label }),
    ])
  })
  const node = element("div", { className: "lab-options-of", role: "radiogroup", ariaLabel: ask }, labels)
  return { node, answer: () => radios.find(({ checked }) => checked)?.value ?? "" }
}

/** @param {[number, number][]} curve in a unit square
 * @param {string} alt what is seen */
function picture(curve, alt) {
  const points = curve.map((point) => point.join()).join(" ")
  const line = `<polyline points="${points}"/>`
  const svg = drawingOf(`<svg viewBox="0 0 1 1" preserveAspectRatio="none" role="img">${line}</svg>`)
  svg.ariaLabel = alt
  return svg
}

/** A number.
 * @param {any} question
 * @param {Changed} changed
 * @param {() => void} commit */
function typed({ symbol, unit, ask }, changed, commit) {
  const box = element("input", { type: "text", inputMode: "decimal", ariaLabel: ask, size: 8 })
  box.addEventListener("input", changed)
  box.addEventListener("keydown", (event) => event.key === "Enter" && box.value.trim() && commit())
  const node = element("label", { className: "lab-typed" }, [`${symbol} = `, box, ` ${unit}`])
  return { node, answer: () => box.value.trim() }
}

export const ANSWERS = { pin, region, move, order, choice, typed }
