// The stage: plots, and what is said, measured and tabulated beside them.

import { Alerts } from "./alerts.js"
import { Clock } from "./clock.js"
import { Controls } from "./controls.js"
import { element, fill, say } from "./element.js"
import { explain } from "./glossary.js"
import { Head } from "./head.js"
import { sayWithHelp } from "./help.js"
import { Plot } from "./plot.js"
import { Race } from "./race.js"
import { Table } from "./table.js"
import { Theme } from "./theme.js"

export class Plots {
  /** @param {HTMLElement} root
   * @param {string} name */
  constructor(root, name) {
    this.root = root
    this.grid = element("div", { className: "lab-plots" })
    this.metrics = element("div", { className: "lab-metrics" })
    this.said = element("div", { className: "lab-said" })
    this.notes = element("div", { className: "lab-notes", role: "status" })
    this.alerts = new Alerts()
    this.link = element("div", { className: "lab-notes", role: "status" }) // what is said of the server's silence
    this.table = new Table()
    this.plots = /** @type {Map<string, Plot>} */ (new Map())
    this.theme = /** @type {Theme | undefined} */ (undefined)
    this.send = /** @type {import("./data").Send} */ (() => {}) // to Streamlit
    this.closed = false
    this.race = new Race(() => {
      for (const plot of this.plots.values()) plot.follow()
      this.table.count(this.race.clock)
    })
    this.clock = new Clock(this.plots)
    this.head = new Head(name.endsWith("_below") ? "h2" : "h1")
    this.options = new Controls(element("div", { className: "lab-controls lab-options" }))
    this.tools = new Controls(element("div", { className: "lab-controls lab-tools" }))
    this.grid.append(this.tools.root, this.table.node, this.metrics, this.said)
    this.resized = () => this.redraw()
    document.addEventListener("inverse-lab-resized", this.resized)
    root.replaceChildren(this.head.node, this.link, this.alerts.node, this.options.root, this.notes, this.grid)
    this.note("")
  }

  /** @param {import("./data").PlotsData} data
   * @param {import("./data").Send} send to Streamlit */
  async update(data, send) {
    this.send = send
    if (this.grid.dataset.layout !== data.layout) this.place(data.grid)
    this.grid.dataset.layout = data.layout
    this.head.update(data, data.settled)
    this.options.root.hidden = !data.options.length
    const { knows, settled } = data
    this.options.update({ groups: data.options, inline: true, knows }, send, settled)
    fill(this.said, data.said, "p", explain)
    this.alerts.update(data.notes.slice(0, data.alerts), data.answers)
    fill(this.notes, data.notes.slice(data.alerts), "p", explain)
    fill(this.metrics, data.metrics, "div", (node, [label, value, help]) => {
      if (!node.firstChild) node.append(element("span"), element("b"))
      sayWithHelp(node.firstChild, label, help)
      say(node.lastChild, value)
    })
    const figures = data.plots.map((spec) => (spec.figure ? spec : (this.plots.get(spec.id)?.spec ?? spec)))
    this.race.update(data.race, figures, send, knows)
    this.tools.root.hidden = !data.tools.length
    this.tools.update({ groups: [{ title: "", items: data.tools }], inline: true, knows }, send, settled)
    this.table.update(data.table, send)
    for (const part of [this.said, this.metrics, this.table.table]) part.classList.toggle("lab-stale", data.stale)
    // A hand on a control changes no theme; to ask for it would work out the styles once more for each picture.
    if (data.settled || !this.theme) this.theme = new Theme(this.grid)
    for (const [id, plot] of this.plots) {
      if (!data.plots.some((spec) => spec.id === id)) {
        plot.close()
        plot.box.remove()
        this.plots.delete(id)
      }
    }
    for (const spec of data.plots) {
      if (this.closed) return
      const plot = this.plots.get(spec.id) ?? this.add(spec.id)
      await plot.draw(spec, this.theme, data.settled, send)
      await plot.age(spec)
    }
    this.race.show()
    this.clock.update(data.clock)
    for (const [node, shows] of /** @type {[HTMLElement, unknown][]} */ ([
      [this.race.node, data.race],
      [this.clock.node, data.clock],
    ])) {
      if (!shows) node.remove()
      else if (!node.isConnected) this.grid.prepend(node)
    }
  }

  /** @param {import("./data").Grid} grid */
  place({ wide, narrow, least, looks }) {
    this.grid.className = ["lab-plots", ...looks.map((look) => `lab-${look}`)].join(" ")
    this.root.dataset.looks = looks.join(" ") // a selector with :has() would be tried again at every picture
    for (const [name, value] of Object.entries({ wide, narrow, least })) this.grid.style.setProperty(`--${name}`, value)
  }

  /** @param {string} id */
  add(id) {
    const plot = new Plot(id, this.race)
    this.plots.set(id, plot)
    this.grid.append(plot.box)
    return plot
  }

  /** Return the skeleton of what each plot shows. */
  skeletons() {
    const shown = [...this.plots].filter(([, plot]) => plot.spec)
    return Object.fromEntries(shown.map(([id, plot]) => [id, plot.spec.skeleton]))
  }

  /** Put new values into sliders.
   * @param {import("./data").Changes} values */
  put(values) {
    this.tools.put(values)
    this.options.put(values)
  }

  /** Show a sentence above the plots, or take it away with "".
   * @param {string} sentence */
  note(sentence) {
    fill(this.link, sentence ? [sentence] : [], "p", say)
    return true
  }

  /** Draw all plots again, where text has another size. */
  async redraw() {
    const theme = new Theme(this.grid)
    for (const plot of this.plots.values()) if (plot.spec) await plot.draw(plot.spec, theme, true, this.send)
  }

  close() {
    this.closed = true
    document.removeEventListener("inverse-lab-resized", this.resized)
    this.race.pause()
    for (const each of [this.options, this.tools, this.race.tools]) each.close()
    this.clock.close()
    for (const plot of this.plots.values()) plot.close()
  }
}
