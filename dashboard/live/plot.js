// A plot: it keeps its Plotly instance and is updated in place.

import { element } from "./element.js"
import { coordinates, drag, nearest } from "./hand.js"
import { exchangeImage } from "./heatmap.js"
import { report } from "./messages.js"
import { corners, numbers, outline, runners, shapeOutline, withPath } from "./outlines.js"
import { picture } from "./picture.js"
import { Theme } from "./theme.js"

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

/** Return what a plot shows with the lines and marks that have moved. A heat map gets a new image and keeps its old
 * numbers: Plotly must not draw such a figure (imageOnly).
 * @param {any} shown
 * @param {any} moved */
function withMoved(shown, { moved, ...spec }) {
  const data = shown.figure.data.map((trace, i) => {
    if (!moved.data[i]) return trace
    const { x, y, x0, dx, ...rest } = trace
    return { ...rest, ...moved.data[i] }
  })
  const layout = { ...shown.figure.layout, shapes: moved.shapes, datarevision: spec.version }
  return { ...shown, ...spec, figure: { data, layout }, imageOnly: moved.data.some((course) => course?.meta?.image) }
}

export class Plot {
  constructor(id, race) {
    this.race = race
    this.ready = false // drawn by Plotly at least once
    this.closed = false
    this.spec = /** @type {any} */ (undefined) // of what is shown, always with a figure
    this.send = /** @type {import("./data").Send} */ (() => {}) // to Streamlit
    this.theme = new Theme(document.body)
    this.config = /** @type {any} */ (undefined)
    this.size = { width: 0, height: 0 }
    this.latest = { version: "", skeleton: "" }
    this.box = element("div", { className: "lab-plot", dataset: { plot: id }, style: { gridArea: id } })
    this.drawn = { version: "", skeleton: "" } // by Plotly
    this.shown = "" // the version on screen, which may have been slid to
    this.saves = false // whether the camera was pressed and waits for a figure that Plotly can draw
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
    if (!(slides && this.slide(this.spec.figure))) await this.drawInFull()
    this.shown = version
    this.runners = undefined
    this.follow()
    if (this.saves && !this.spec.imageOnly) this.save()
  }

  /** Let Plotly draw the figure. Rejects where it lacks the numbers of a heat map: Streamlit then sends all of it. */
  async drawInFull() {
    if (this.spec.imageOnly) throw new Error("a heat map has only been slid")
    const { latest } = this
    await this.react(this.theme.applied(this.spec.figure))
    this.drawn = latest
  }

  /** Save a picture: at once, or with the next whole figure where a heat map has only been slid. */
  async save() {
    const isDrawn = this.drawn.version === this.latest.version // and not only slid
    this.saves = !isDrawn && Boolean(this.spec.imageOnly)
    if (this.saves) return
    if (!isDrawn) await this.drawInFull()
    const canvas = await picture(this.box, this.size, this.theme.colour("theme:background"))
    const download = `inverse-lab-${this.box.dataset.plot}.png`
    element("a", { href: canvas.toDataURL("image/png"), download }).click()
  }

  // The names that the legend hides.
  hidden() {
    const traces = this.ready ? this.box._fullData : []
    return new Set(
      traces.flatMap(({ visible, legendgroup }) => (visible === "legendonly" && legendgroup ? [legendgroup] : [])),
    )
  }

  // Move the lines and marks to where the figure has them, without Plotly: a tenth of the time of drawing it again.
  // Returns false where the drawing has other parts than the figure.
  slide({ data, layout }) {
    const { _fullData: traces, _fullLayout: full } = this.box
    const hidden = this.hidden()
    const moves = []
    const heatMaps = data.filter(({ type }) => type === "heatmap")
    if (!heatMaps.every((trace, i) => !trace.meta?.image || exchangeImage(this.box, i, trace))) return false
    for (const [i, trace] of data.entries()) {
      if (trace.mode !== "lines" || trace.type !== "scatter" || !trace.y.bdata || hidden.has(trace.legendgroup))
        continue
      const paths = this.box.querySelectorAll(`.trace${traces[i].uid} path.js-line`)
      if (paths.length !== 1) return false
      const yaxis = full[`yaxis${(trace.yaxis ?? "y").slice(1)}`]
      moves.push([paths[0], outline(trace, full.xaxis, yaxis)])
    }
    for (const [i, shape] of (layout.shapes ?? []).entries()) {
      if (shape.type !== "path" || hidden.has(shape.legendgroup)) continue
      const path = this.box.querySelector(`.shapelayer path[data-index="${i}"]`)
      if (!path) return false
      moves.push([path, shapeOutline(shape, full.xaxis, full.yaxis)])
    }
    for (const [path, d] of moves) path.setAttribute("d", d)
    return true
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
    // With another configuration, Plotly would draw everything anew.
    this.config ??= {
      displaylogo: false,
      responsive: false,
      showSendToCloud: false,
      plotlyServerURL: "", // its button would upload the plot to Plotly's server
      modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toImage"],
      modeBarButtonsToAdd: [
        { name: "picture", title: "Download plot as a PNG", icon: Plotly.Icons.camera, click: () => this.save() },
      ],
    }
    if (first) this.size = { width: this.box.clientWidth, height: this.box.clientHeight }
    // Plotly keeps what its legend hides of the traces; of shapes it would keep what it hid at the places of then.
    const hidden = this.hidden()
    const shapes = (layout.shapes ?? []).map((shape) =>
      withPath(hidden.has(shape.legendgroup) ? { ...shape, visible: "legendonly" } : shape),
    )
    await Plotly.react(this.box, data, { ...layout, ...this.size, shapes, editrevision: false }, this.config)
    this.aged = false
    if (this.closed)
      window.Plotly.purge(this.box) // the page was left meanwhile
    else if (first) {
      this.ready = true
      this.box.on("plotly_click", (event) => this.click(event))
      this.box.on("plotly_afterplot", () => {
        this.runners = undefined
        this.follow()
      })
      this.observer.observe(this.box)
    }
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.box
    if (!width || (this.size.width === width && this.size.height === height)) return
    this.size = { width, height }
    window.Plotly.relayout(this.box, this.size)
  }

  click(event) {
    const { click } = this.spec
    if (!click) return
    const point = event.points[0]
    if (click.point) {
      if (point.customdata !== undefined) report(event.event, this.send, { [click.point]: point.customdata }, true)
      return
    }
    const { x, y } = point.data.type === "surface" ? point : coordinates(this.box, event.event)
    report(event.event, this.send, click.both ? { [click.both]: `${x},${y}` } : { [click.x]: x, [click.y]: y }, true)
  }

  near(event) {
    return this.ready ? nearest(this.box, this.spec.handles ?? [], event) : undefined
  }

  hover(event) {
    this.box.classList.toggle("lab-near", Boolean(this.near(event)))
  }

  grab(event) {
    const handle = event.button === 0 && this.near(event)
    if (!handle) return
    drag(this.box, event, (moved, final) => {
      const { x, y } = coordinates(this.box, moved)
      report(moved, this.send, { ...(handle.x && { [handle.x]: x }), ...(handle.y && { [handle.y]: y }) }, final)
    })
  }

  close() {
    this.closed = true
    this.observer.disconnect()
    if (this.ready) window.Plotly.purge(this.box)
  }
}
