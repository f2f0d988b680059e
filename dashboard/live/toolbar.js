// The toolbar of a plot: what saves it, and what takes its zoom back.

import { element } from "./element.js"

/** Return a toolbar: one stop of the Tab key, along which the arrow keys move.
 * @param {{ label: string, title: string, action: () => void }[]} actions */
export function toolbar(actions) {
  const buttons = actions.map(({ label, title, action }, i) =>
    element("button", {
      type: "button",
      textContent: label,
      title,
      ariaLabel: title,
      tabIndex: i ? -1 : 0,
      onclick: action,
    }),
  )
  const node = element("div", { className: "lab-toolbar", role: "toolbar" }, buttons)
  node.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const next = buttons.indexOf(document.activeElement) + step
    const target = buttons[(next + buttons.length) % buttons.length]
    for (const button of buttons) button.tabIndex = button === target ? 0 : -1
    target.focus()
  })
  node.addEventListener("pointerdown", (event) => event.stopPropagation()) // nothing of the plot is under it
  return node
}

/** Take zoom and rotation of a plot back.
 * @param {any} box the element of the plot
 * @param {any} layout that of its figure */
export function resetView(box, layout) {
  const update = {}
  for (const key of Object.keys(box._fullLayout).filter((name) => /^[xy]axis\d*$/.test(name))) {
    const { range } = layout[key] ?? {}
    Object.assign(update, range ? { [`${key}.range`]: [...range] } : { [`${key}.autorange`]: true })
  }
  if (layout.scene) return window.Plotly.relayout(box, { "scene.camera": structuredClone(layout.scene.camera) })
  return window.Plotly.relayout(box, update)
}
