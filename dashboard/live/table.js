// The table of a stage.

import { element, fill, say } from "./element.js"
import { hint, sayWithHelp } from "./help.js"
import { report } from "./messages.js"
import { styled } from "./theme.js"

export class Table {
  constructor() {
    this.clock = Number.POSITIVE_INFINITY // of the race: evaluations
    this.send = /** @type {import("./data").Send} */ (() => {})
    this.head = element("thead")
    this.body = element("tbody")
    // Where it is wider than the window, it can be scrolled, by the keyboard too.
    this.table = element("table", { className: "lab-table" }, [this.head, this.body])
    this.node = element("div", { className: "lab-table-frame" }, [this.table])
    // Only then: to ask for widths at each picture of a drag would lay the page out once more.
    const observer = new ResizeObserver(() => this.fit())
    for (const node of [this.node, this.table]) observer.observe(node)
  }

  /** @param {import("./data").Cell[][]} rows of which the first one is the head
   * @param {import("./data").Send} send to Streamlit */
  update([head = [], ...rows], send) {
    this.send = send
    this.node.hidden = !rows.length
    fill(this.head, [head], "tr", (row) =>
      fill(row, head, "th", (cell, value) => {
        cell.scope = "col"
        this.cell(cell, value)
      }),
    )
    fill(this.body, rows, "tr", (row, cells) =>
      fill(row, cells, "td", (cell, value) => {
        if (cell === row.firstChild) cell.role = "rowheader"
        this.cell(cell, value)
      }),
    )
  }

  /** Let the runs of a race that have not ended when its clock stands there count their evaluations.
   * @param {number} clock */
  count(clock) {
    this.clock = clock
    for (const node of this.body.querySelectorAll("td")) {
      if (node.until) say(node.children[1], this.counted(node))
    }
  }

  counted({ ended, until }) {
    return until && this.clock < until ? Math.floor(this.clock).toLocaleString("en-US") : ended
  }

  fit() {
    if (this.node.scrollWidth > this.node.clientWidth) this.node.tabIndex = 0
    else this.node.removeAttribute("tabindex")
  }

  // A cell is text, or text with the colour of its role and a sentence, or a button that reports a change.
  cell(node, value) {
    const { text, colour, hollow, help, change, until, shade } = typeof value === "string" ? { text: value } : value
    if (!node.firstChild) {
      const press = element("button", { type: "button", className: "lab-button" })
      press.addEventListener("click", (event) => report(event, this.send, node.change, true))
      hint(press, press, () => node.help)
      node.append(element("i"), element("span"), press)
    }
    const [swatch, said, press] = node.children
    Object.assign(node, { change, help, until, ended: text })
    sayWithHelp(said, change ? "" : this.counted(node), help)
    say(press, change ? text : "")
    press.ariaDescription = help ?? ""
    node.style.background = shade
      ? `color-mix(in srgb, var(--st-primary-color) ${Math.round(45 * shade)}%, transparent)`
      : ""
    swatch.hidden = !colour
    swatch.classList.toggle("lab-hollow", Boolean(hollow))
    if (colour) swatch.style.color = styled(colour)
  }
}
