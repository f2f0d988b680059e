// The player of a neuron: a dot runs along its curves, with a cursor at its time.

import { element, say } from "./element.js"
import { play } from "./playback.js"
import { styled } from "./theme.js"
import { numbers } from "./typed_array.js"

const MARKS = ["cursor", "dot"]

/** @typedef {import("./plot.js").Plot} Plot */

export class Clock {
  /** @param {Map<string, Plot>} plots of the stage, by name */
  constructor(plots) {
    this.plots = plots
    this.data = /** @type {import("./data").ClockData | null} */ (null)
    this.time = 0
    this.end = 0
    this.colour = ""
    this.playing = false
    this.courses = /** @type {Record<string, (t: number) => number>} */ ({}) // of the variables over time
    this.marks = /** @type {Map<Plot, HTMLElement[]>} */ (new Map())
    this.toggle = element("button", { type: "button", className: "lab-button lab-play", textContent: "Play" })
    this.toggle.addEventListener("click", () => (this.playing ? this.pause() : this.play()))
    this.range = element("input", { type: "range", min: 0, max: 1, step: 0.001, value: 0, ariaLabel: "time" })
    this.range.addEventListener("input", () => {
      this.pause()
      this.read()
      this.seek(this.range.value * this.end)
    })
    this.said = element("span", { className: "lab-time" })
    const buttons = element("div", { className: "lab-buttons" }, [this.toggle, this.range, this.said])
    this.node = element("div", { className: "lab-player" }, [buttons])
  }

  /** @param {import("./data").ClockData | null} data */
  update(data) {
    const begins = data?.begins && !this.data && !matchMedia("(prefers-reduced-motion: reduce)").matches
    this.data = data
    if (data) this.read()
    else this.pause()
    if (begins) this.play()
    this.show()
  }

  /** Read the courses of the variables from the plots. */
  read() {
    const traces = [...this.plots.values()]
      .flatMap(({ spec }) => spec?.figure?.data ?? [])
      .filter(({ meta }) => meta?.of)
    this.courses = Object.fromEntries(traces.map(({ meta, x0, dx, y }) => [meta.of, course(x0, dx, numbers(y))]))
    const [{ x0, dx, y, line }] = traces
    this.end = x0 + dx * (numbers(y).length - 1)
    this.colour = styled(line.color)
  }

  play() {
    if (!this.data) return
    this.read()
    if (this.time >= this.end) this.time = 0
    this.playing = true
    this.toggle.textContent = "Pause"
    const { tempo, begins } = this.data
    play((seconds) => {
      if (!this.playing) return false
      const time = this.time + tempo * seconds
      if (begins && time >= this.end) this.pause()
      this.seek(begins ? time : time % this.end)
      return this.playing
    })
  }

  pause() {
    this.playing = false
    this.toggle.textContent = "Play"
  }

  /** @param {number} time in ms */
  seek(time) {
    this.time = Math.min(time, this.end)
    this.show()
  }

  /** Put the dots and the cursors where the time is. */
  show() {
    const time = Math.min(this.time, this.end)
    this.range.value = this.end ? time / this.end : 0
    say(this.said, `t = ${time.toFixed(1)} ms`)
    for (const plot of this.plots.values()) {
      const [across, up] = plot.spec?.figure?.layout.meta?.runs ?? []
      const [x, y] = [across, up].map((name) => (name === "t" ? time : this.courses[name]?.(time)))
      const stands = Boolean(this.data) && plot.ready && Number.isFinite(x)
      if (stands || this.marks.has(plot)) this.place(plot, stands, across === "t", x, y)
    }
  }

  /** @param {Plot} plot
   * @param {boolean} stands whether there is anything to be seen
   * @param {boolean} overTime whether its x axis is the time
   * @param {number} x
   * @param {number} y */
  place(plot, stands, overTime, x, y) {
    const marks = this.marks.get(plot) ?? this.mark(plot)
    const [cursor, dot] = marks
    if (!stands) {
      for (const mark of marks) mark.hidden = true
      return
    }
    const { xaxis, yaxis } = /** @type {any} */ (plot.box)._fullLayout
    const [left, top] = [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.d2p(y)]
    const right = xaxis._offset + xaxis._length
    const within = left >= xaxis._offset && left <= right // the plot may be zoomed
    const spans = { top: `${yaxis._offset}px`, height: `${yaxis._length}px` }
    cursor.hidden = !overTime || !within
    Object.assign(cursor.style, { left: `${left}px`, ...spans })
    dot.hidden = !within || !Number.isFinite(y)
    Object.assign(dot.style, { left: `${left}px`, top: `${top}px`, background: this.colour })
  }

  /** Return new marks of a plot, which follow its zoom and its size.
   * @param {Plot} plot */
  mark(plot) {
    const marks = MARKS.map((name) => element("i", { className: `lab-${name}` }))
    this.marks.set(plot, marks)
    plot.box.append(...marks)
    plot.box.on("plotly_afterplot", () => this.show())
    return marks
  }

  close() {
    this.pause()
  }
}

/** Return the course of a variable over time, by its values at equally spaced times.
 * @param {number} start
 * @param {number} step
 * @param {Float32Array} values */
function course(start, step, values) {
  return (/** @type {number} */ time) => {
    const place = Math.min(Math.max((time - start) / step, 0), values.length - 1)
    const before = Math.min(Math.floor(place), values.length - 2)
    return values[before] + (place - before) * (values[before + 1] - values[before])
  }
}
