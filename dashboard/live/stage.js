// The stage: plots, and what is said, measured and tabulated beside them.

import { Controls } from "./controls.js"
import { element, say } from "./element.js"
import { report } from "./messages.js"
import { Plot } from "./plot.js"
import { Race } from "./race.js"
import { resolved, themeColours } from "./theme.js"

export class Plots {
  constructor(root) {
    this.grid = element("div", { className: "lab-plots" })
    this.metrics = element("div", { className: "lab-metrics" })
    this.said = element("div", { className: "lab-said" })
    this.notes = element("div", { className: "lab-notes", role: "status" })
    this.link = element("div", { className: "lab-notes", role: "status" }) // what is said of the server's silence
    this.table = element("table", { className: "lab-table" })
    this.plots = /** @type {Map<string, Plot>} */ (new Map())
    this.send = /** @type {import("./data").Send} */ (() => {}) // to Streamlit
    this.closed = false
    this.race = new Race(() => {
      for (const plot of this.plots.values()) plot.follow()
    })
    this.tools = new Controls(element("div", { className: "lab-controls lab-tools" }))
    this.grid.append(this.race.node, this.tools.root, this.table, this.metrics, this.said)
    root.replaceChildren(this.link, this.notes, this.grid)
    this.note("")
  }

  /** @param {import("./data").PlotsData} data
   * @param {import("./data").Send} send to Streamlit */
  async update(data, send) {
    this.send = send
    if (this.grid.dataset.layout !== data.layout) this.place(data.grid)
    this.grid.dataset.layout = data.layout
    this.list(this.said, data.said, "p", (node, text) => say(node, text))
    this.list(this.notes, data.notes, "p", (node, text) => say(node, text))
    this.list(this.metrics, data.metrics, "div", (node, [label, value, help]) => {
      if (!node.firstChild) node.append(element("span"), element("b"))
      say(node.firstChild, label)
      say(node.lastChild, value)
      node.title = help
    })
    const figures = data.plots.map((spec) => (spec.figure ? spec : (this.plots.get(spec.id)?.spec ?? spec)))
    this.race.update(data.race, figures, send)
    this.tools.root.hidden = !data.tools.length
    this.tools.update({ groups: [{ title: "", items: data.tools }], inline: true }, send)
    this.list(this.table, data.table, "tr", (row, cells) =>
      this.list(row, cells, "td", (cell, value) => this.cell(cell, value)),
    )
    for (const part of [this.said, this.metrics, this.table]) part.classList.toggle("lab-stale", data.stale)
    const colours = resolved(themeColours(this.grid))
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
      await plot.draw(spec, colours, data.settled, send)
      await plot.age(spec)
    }
    this.race.show()
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
    if (colour) swatch.style.color = colour.startsWith("theme:") ? "" : colour
    node.title = help ?? ""
  }

  list(parent, entries, tag, fill) {
    while (parent.children.length > entries.length) parent.lastChild.remove()
    while (parent.children.length < entries.length) parent.append(element(tag))
    for (const [i, entry] of entries.entries()) fill(parent.children[i], entry)
    parent.hidden = entries.length === 0
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
  }

  /** Show a sentence above the plots, or take it away with "".
   * @param {string} sentence */
  note(sentence) {
    this.list(this.link, sentence ? [sentence] : [], "p", (node, text) => say(node, text))
    return true
  }

  close() {
    this.closed = true
    this.race.pause()
    for (const plot of this.plots.values()) plot.close()
  }
}
