// The stage: plots, and what is said, measured and tabulated beside them.

import { Clock } from "./clock.js"
import { Controls } from "./controls.js"
import { element, fill, say } from "./element.js"
import { explain } from "./glossary.js"
import { Head } from "./head.js"
import { report } from "./messages.js"
import { Plot } from "./plot.js"
import { Race } from "./race.js"
import { styled, Theme } from "./theme.js"

export class Plots {
  constructor(root) {
    this.grid = element("div", { className: "lab-plots" })
    this.metrics = element("div", { className: "lab-metrics" })
    this.said = element("div", { className: "lab-said" })
    this.notes = element("div", { className: "lab-notes", role: "status" })
    this.link = element("div", { className: "lab-notes", role: "status" }) // what is said of the server's silence
    this.table = element("table", { className: "lab-table" }, [element("thead"), element("tbody")])
    this.plots = /** @type {Map<string, Plot>} */ (new Map())
    this.send = /** @type {import("./data").Send} */ (() => {}) // to Streamlit
    this.closed = false
    this.race = new Race(() => {
      for (const plot of this.plots.values()) plot.follow()
    })
    this.clock = new Clock(this.plots)
    this.head = new Head()
    this.options = new Controls(element("div", { className: "lab-controls lab-options" }))
    this.tools = new Controls(element("div", { className: "lab-controls lab-tools" }))
    this.grid.append(this.race.node, this.clock.node, this.tools.root, this.table, this.metrics, this.said)
    this.resized = () => this.redraw()
    document.addEventListener("inverse-lab-resized", this.resized)
    root.replaceChildren(this.head.node, this.link, this.options.root, this.notes, this.grid)
    this.note("")
  }

  /** @param {import("./data").PlotsData} data
   * @param {import("./data").Send} send to Streamlit */
  async update(data, send) {
    this.send = send
    if (this.grid.dataset.layout !== data.layout) this.place(data.grid)
    this.grid.dataset.layout = data.layout
    this.head.update(data)
    this.options.root.hidden = !data.options.length
    this.options.update({ groups: data.options, inline: true }, send)
    fill(this.said, data.said, "p", explain)
    fill(this.notes, data.notes, "p", explain)
    fill(this.metrics, data.metrics, "div", (node, [label, value, help]) => {
      if (!node.firstChild) node.append(element("span"), element("b"))
      say(node.firstChild, label)
      say(node.lastChild, value)
      node.title = help
    })
    const figures = data.plots.map((spec) => (spec.figure ? spec : (this.plots.get(spec.id)?.spec ?? spec)))
    this.race.update(data.race, figures, send)
    this.tools.root.hidden = !data.tools.length
    this.tools.update({ groups: [{ title: "", items: data.tools }], inline: true }, send)
    this.tabulate(data.table)
    for (const part of [this.said, this.metrics, this.table]) part.classList.toggle("lab-stale", data.stale)
    const theme = new Theme(this.grid)
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
      await plot.draw(spec, theme, data.settled, send)
      await plot.age(spec)
    }
    this.race.show()
    this.clock.update(data.clock)
  }

  /** @param {import("./data").Grid} grid */
  place({ wide, narrow, least, looks }) {
    this.grid.className = ["lab-plots", ...looks.map((look) => `lab-${look}`)].join(" ")
    for (const [name, value] of Object.entries({ wide, narrow, least })) this.grid.style.setProperty(`--${name}`, value)
  }

  /** @param {string} id */
  add(id) {
    const plot = new Plot(id, this.race)
    this.plots.set(id, plot)
    this.grid.append(plot.box)
    return plot
  }

  // A cell is text, or text with the colour of its role and a sentence, or a button that reports a change.
  cell(node, value) {
    const { text, colour, hollow, help, change } = typeof value === "string" ? { text: value } : value
    if (!node.firstChild) {
      const press = element("button", { type: "button", className: "lab-button" })
      press.addEventListener("click", (event) => report(event, this.send, node.change, true))
      node.append(element("i"), element("span"), press)
    }
    const [swatch, said, press] = node.children
    node.change = change
    say(said, change ? "" : text)
    say(press, change ? text : "")
    swatch.hidden = !colour
    swatch.classList.toggle("lab-hollow", Boolean(hollow))
    if (colour) swatch.style.color = styled(colour)
    node.title = help ?? ""
  }

  /** @param {import("./data").Cell[][]} rows of which the first one is the head */
  tabulate([head = [], ...rows]) {
    const [top, body] = this.table.children
    this.table.hidden = !rows.length
    fill(top, [head], "tr", (row) => fill(row, head, "th", (cell, value) => this.cell(cell, value)))
    fill(body, rows, "tr", (row, cells) => fill(row, cells, "td", (cell, value) => this.cell(cell, value)))
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
    this.clock.close()
    for (const plot of this.plots.values()) plot.close()
  }
}
