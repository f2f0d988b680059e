// A plot: it keeps its Plotly instance and is updated in place.

import { Crosshair } from "./crosshair.js"
import { element } from "./element.js"
import { coordinates, drag, moved, within } from "./hand.js"
import { isFree, taken } from "./lesson_state.js"
import { report } from "./messages.js"
import { corners, runners, shapeOutline, withPath } from "./outlines.js"
import { Overlay } from "./overlay.js"
import { drawing, save } from "./picture.js"
import { slide, withMoved } from "./sliding.js"
import { moveSwarms, withSwarm } from "./swarm.js"
import { Theme } from "./theme.js"
import { resetView, toolbar } from "./toolbar.js"
import { numbers } from "./typed_array.js"

// With another configuration, Plotly would draw everything anew.
const CONFIG = { displayModeBar: false, showTips: false, responsive: false }
const STILL_CONFIG = { ...CONFIG, doubleClick: false }
const MOVED = ["truth", "candidate"] // by sliders: names of traces and of what shapes belong to

let plotly
function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly)
    const script = element("script", { src: new URL("./plotly.min.js", import.meta.url).href })
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => {
      plotly = undefined
      reject(new Error("plotly.min.js did not load"))
    }
    document.head.append(script)
  })
  return plotly
}

export class Plot {
  constructor(id, race) {
    this.race = race
    this.ready = false // drawn by Plotly at least once
    this.closed = false
    this.spec = /** @type {any} */ (undefined) // of what is shown, always with a figure
    this.send = /** @type {import("./data").Send} */ (() => {}) // to Streamlit
    this.theme = new Theme(document.body)
    this.size = { width: 0, height: 0 }
    this.latest = { version: "", skeleton: "" }
    this.box = element("div", { className: "lab-plot", dataset: { plot: id }, style: { gridArea: id } })
    this.drawn = { version: "", skeleton: "" } // by Plotly
    this.shown = "" // the version on screen, which may have been slid to
    this.slid = /** @type {import("./data").Figure | undefined} */ (undefined) // the figure that it was slid to
    this.saves = /** @type {"png" | "svg" | ""} */ ("") // what was asked for and waits for a figure that Plotly can draw
    this.crosshair = new Crosshair(this)
    this.overlay = new Overlay(this)
    this.toolbar = toolbar([
      { label: "PNG", title: "Save the plot as PNG", action: () => this.save("png") },
      { label: "SVG", title: "Save the plot as SVG", action: () => this.save("svg") },
      { label: "Reset", title: "Reset zoom and view", action: () => resetView(this.box, this.spec.figure.layout) },
    ])
    this.observer = new ResizeObserver(() => this.resize())
    this.box.addEventListener("pointerdown", (event) => this.grab(event), true)
    this.box.addEventListener("pointermove", (event) => this.hover(event))
  }

  /** @param {import("./data").PlotSpec} spec
   * @param {Theme} theme
   * @param {boolean} released whether no hand is on a control
   * @param {import("./data").Send} send to Streamlit */
  async draw(spec, theme, released, send) {
    if (spec.kept || (spec.moved && spec.skeleton !== this.spec?.skeleton)) return
    this.spec = spec.moved ? withMoved(this.spec, spec) : spec
    this.send = send
    this.theme = theme
    const version = `${spec.version} ${theme.id}`
    const skeleton = `${spec.skeleton} ${theme.id}`
    this.latest = { version, skeleton }
    if (version === this.shown && (version === this.drawn.version || !released)) return
    const slides = this.drawn.skeleton === skeleton && (!released || version === this.drawn.version)
    if (!(slides && this.slide())) await this.drawInFull()
    this.shown = version
    this.runners = undefined
    this.follow()
    if (this.ready && !this.closed) this.crosshair.describe() // the page may have been left meanwhile
    this.overlay.draw()
    if (this.saves && !this.spec.imageOnly) this.save(this.saves)
  }

  /** Let Plotly draw the figure. Rejects where it lacks the numbers of a heat map: Streamlit then sends all of it. */
  async drawInFull() {
    if (this.spec.imageOnly) throw new Error("a heat map has only been slid")
    const { latest } = this
    await this.react(this.theme.applied(this.spec.figure))
    this.drawn = latest
  }

  /** Save a picture: at once, or with the next whole figure where a heat map has only been slid.
   * @param {"png" | "svg"} kind */
  async save(kind) {
    const isDrawn = this.drawn.version === this.latest.version // and not only slid
    this.saves = !isDrawn && this.spec.imageOnly ? kind : ""
    if (this.saves) return
    if (!isDrawn) await this.drawInFull()
    const drawn = await drawing(this.box, this.size, this.theme.colour("theme:background"))
    await save(kind, `inverse-lab-${this.box.dataset.plot}`, drawn)
  }

  // The names that the legend hides.
  hidden() {
    const traces = this.ready ? this.box._fullData : []
    return new Set(
      traces.flatMap(({ visible, legendgroup }) => (visible === "legendonly" && legendgroup ? [legendgroup] : [])),
    )
  }

  slide() {
    const hidden = this.hidden()
    const done = slide(this.box, this.spec.figure, hidden, this.slid)
    this.slid = done && !hidden.size ? this.spec.figure : undefined
    return done
  }

  // The runners of the race as they are drawn: their elements, their corners, and the clock at each corner.
  measured() {
    const {
      _fullData: traces,
      _fullLayout: { xaxis, yaxis },
    } = this.box
    const { data, layout } = this.spec.figure
    const mark = (i) => this.box.querySelector(`.shapelayer path[data-index="${i}"]`)
    return runners(this.spec).map(({ trace, clock, head, end }) => ({
      clock: numbers(clock),
      points: corners(data[trace], xaxis, yaxis),
      line: this.box.querySelector(`.trace${traces[trace].uid} path.js-line`),
      head: mark(head),
      end: mark(end),
      stand: (at) => shapeOutline(layout.shapes[head], xaxis, yaxis, at),
    }))
  }

  // Draw each line of a race as far as the clock has come, with its head there.
  follow() {
    const { clock, last } = this.race
    if (!this.ready || (clock >= last && !this.cut)) return
    this.runners ??= this.measured()
    this.cut = clock < last
    moveSwarms(this.box, this.spec.figure.layout, clock, this.box._fullLayout)
    for (const runner of this.runners) {
      const { points } = runner
      const next = runner.clock.findIndex((each) => each > clock)
      const done = next < 0
      let at = points[done ? points.length - 1 : Math.max(next - 1, 0)]
      if (next > 0) {
        // On the segment it is where the line of the losses is, over their logarithmic axis.
        const [before, after] = [runner.clock[next - 1], runner.clock[next]]
        const share = Math.log(clock / before) / Math.log(after / before)
        at = at.map((value, i) => value + share * (points[next][i] - value))
      }
      const passed = done ? points : [...points.slice(0, next), at]
      runner.line?.setAttribute("d", `M${passed.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}`)
      runner.head?.setAttribute("d", runner.stand(at))
      if (runner.end) runner.end.style.display = done ? "" : "none"
    }
  }

  /** Dim a plot that waits for the release. Hide truth and candidate on it: they have moved.
   * @param {import("./data").PlotSpec} spec */
  async age({ stale, kept = false }) {
    this.box.classList.toggle("lab-stale", stale)
    const aged = Boolean(stale && kept)
    if (!this.ready || aged === this.aged) return
    this.aged = aged
    const { data, layout } = this.spec.figure
    const opacity = ({ opacity: its }) => (aged ? 0 : (its ?? 1))
    const traces = data.flatMap(({ name }, i) => (MOVED.includes(name) ? [i] : []))
    const shapes = Object.fromEntries(
      (layout.shapes ?? []).flatMap((shape, i) =>
        MOVED.includes(shape.legendgroup) ? [[`shapes[${i}].opacity`, opacity(shape)]] : [],
      ),
    )
    // Without indices Plotly would take all traces.
    if (traces.length)
      await window.Plotly.update(this.box, { opacity: traces.map((i) => opacity(data[i])) }, shapes, traces)
    else if (Object.keys(shapes).length) await window.Plotly.relayout(this.box, shapes)
  }

  async react({ data, layout }) {
    const Plotly = await loadPlotly()
    const first = !this.ready
    // Where a click asks for something, two quick ones must not change the range; the toolbar resets it.
    const config = this.spec.click?.both ? STILL_CONFIG : CONFIG
    if (first) this.size = { width: this.box.clientWidth, height: this.box.clientHeight }
    // Plotly keeps what its legend hides of the traces; of shapes it would keep what it hid at the places of then.
    const hidden = this.hidden()
    const shapes = (layout.shapes ?? []).map((shape) =>
      withPath(
        withSwarm(hidden.has(shape.legendgroup) ? { ...shape, visible: "legendonly" } : shape, layout.meta?.swarms),
      ),
    )
    try {
      await Plotly.react(this.box, data, { ...layout, ...this.size, shapes, editrevision: false }, config)
    } catch (error) {
      if (!this.closed) throw error // one that was purged meanwhile has nothing to draw on
      return
    }
    this.aged = false
    if (this.closed)
      window.Plotly.purge(this.box) // the page was left meanwhile
    else if (first) {
      this.ready = true
      this.box.querySelector(".plot-container").setAttribute("aria-hidden", "true") // the cross-hair speaks for it
      this.box.append(this.crosshair.node, this.toolbar)
      this.box.on("plotly_click", (event) => this.click(event))
      this.box.on("plotly_afterplot", () => {
        this.slid = undefined
        this.runners = undefined
        this.follow()
        this.overlay.draw()
      })
      this.observer.observe(this.box)
    }
  }

  async resize() {
    const { clientWidth: width, clientHeight: height } = this.box
    if (!width || (this.size.width === width && this.size.height === height)) return
    this.size = { width, height }
    await window.Plotly.relayout(this.box, this.size)
    // Again, since Plotly places a legend by the rows that it had before.
    if (!this.closed) await window.Plotly.relayout(this.box, this.size)
  }

  click({ event, points: [point] }) {
    const { click } = this.spec
    if (!click) return
    if (click.both && event.detail > 1) return // the second click of a double click is no other place
    // Its label would cover what begins there, and Plotly would show it again with the next picture.
    const box = /** @type {any} */ (this.box)
    window.Plotly.Fx.unhover(box)
    box._fullLayout._hoversubplot = undefined
    this.choose(event, point.data.type === "surface" ? point : coordinates(box, event), point)
  }

  /** Do what a click at a place, or on a point, does.
   * @param {Event} event
   * @param {{ x: number, y: number }} place
   * @param {{ customdata: any } | undefined} point */
  choose(event, { x, y }, point) {
    const { click } = this.spec
    if (!click || !Object.values(click).every((field) => isFree({ field }))) return
    if (click.point) {
      if (point?.customdata !== undefined) report(event, this.send, { [click.point]: point.customdata }, true)
      return
    }
    report(event, this.send, click.both ? { [click.both]: `${x},${y}` } : { [click.x]: x, [click.y]: y }, true)
  }

  /** Return the points that can be dragged now. */
  handles() {
    return (this.spec.handles ?? []).filter(({ x, y }) => [x, y].every((field) => !field || isFree({ field })))
  }

  near(event) {
    return this.ready ? within(this.box, this.handles(), event) : undefined
  }

  isWithinAxes(event) {
    if (!this.ready || !this.box._fullLayout.xaxis || event.target.closest(".lab-toolbar, .legend, .lab-handle"))
      return false
    const { _offset: left, _length: width } = this.box._fullLayout.xaxis
    const { _offset: top, _length: height } = this.box._fullLayout.yaxis
    const frame = this.box.getBoundingClientRect()
    const [x, y] = [event.clientX - frame.left - left, event.clientY - frame.top - top]
    return x >= 0 && x <= width && y >= 0 && y <= height
  }

  hover(event) {
    this.box.classList.toggle("lab-near", Boolean(this.near(event)))
  }

  grab(event) {
    if (event.button === 0 && this.isWithinAxes(event) && taken(this.box.dataset.plot, coordinates(this.box, event))) {
      event.preventDefault()
      event.stopPropagation()
      return
    }
    const handle = event.button === 0 && this.near(event)
    if (!handle) return
    drag(this.box, event, (to, final) => report(to, this.send, moved(handle, coordinates(this.box, to)), final))
  }

  close() {
    this.closed = true
    this.observer.disconnect()
    this.overlay.close()
    if (this.ready) window.Plotly.purge(this.box)
  }
}
