// The live component. One module serves every instance on a page: controls report while they are dragged, plots keep
// their Plotly instance and are updated in place. One update is in flight at a time: the next change is sent only when
// the answer to the last has been painted, and then only the newest.

import { exchangeImage } from "./heatmap.js"

const PATIENCE = 4000 // ms after which an answer that never came no longer holds back the next change
const GRAB = 16 // px around a handle within which it can be picked up
const MOVED = ["truth", "candidate"] // by sliders: names of traces and of what shapes belong to
const FINENESS = 2 // pixels of a saved picture for each on the page, along both sides

const link = { sequence: Date.now(), inFlight: null, unanswered: null, pending: null, timer: 0 }
const waiting = (whether) => document.documentElement.toggleAttribute("data-lab-waiting", whether)

function report(event, send, changes, final) {
  const before = link.pending?.changes
  link.pending = { send, changes: { ...before, ...changes }, final, time: event.timeStamp }
  waiting(true)
  flush()
}

function flush() {
  if (link.inFlight || !link.pending) return
  const { send, changes, final, time } = link.pending
  link.pending = null
  link.sequence += 1
  link.inFlight = link.unanswered = { sequence: link.sequence, time, final }
  link.timer = setTimeout(release, PATIENCE)
  send({ sequence: link.sequence, changes, final })
}

function release() {
  clearTimeout(link.timer)
  link.inFlight = null
  flush()
}

// What is drawn now is on screen after the next frame, before which input that waited meanwhile is handed out.
function painted(sequence) {
  requestAnimationFrame(() => setTimeout(() => {
    const { unanswered } = link
    if (!unanswered || sequence < unanswered.sequence) return
    const detail = { milliseconds: performance.now() - unanswered.time, final: unanswered.final }
    link.unanswered = null
    waiting(Boolean(link.pending))
    document.dispatchEvent(new CustomEvent("inverse-lab-painted", { detail }))
    release()
  }))
}

// ---------------------------------------------------------------------------------------------------------- elements

function element(tag, properties = {}, children = []) {
  const node = document.createElement(tag)
  const { dataset, style, ...rest } = properties
  Object.assign(node, rest)
  Object.assign(node.dataset, dataset)
  Object.assign(node.style, style)
  node.append(...children)
  return node
}

// Bring the text of a node up to date without touching it when nothing changed.
function say(node, text) {
  if (node.textContent !== text) node.textContent = text
  node.hidden = !text
}

// ---------------------------------------------------------------------------------------------------------- controls

function format(value, item) {
  return Number(value).toLocaleString("en-US", {
    minimumFractionDigits: item.digits, maximumFractionDigits: Math.max(item.digits, 6), useGrouping: false,
  }).replace("-", "−")
}

// A number that can be typed and, unless the item is typed only, dragged.
function slider(item, send) {
  const typed = element("input", { type: "text", inputMode: "decimal", ariaLabel: `${item.symbol}, typed`, autocomplete: "off" })
  const range = element("input", {
    type: "range", min: item.low, max: item.high, step: item.step, value: item.value,
    ariaLabel: `${item.label} ${item.symbol}`, title: "Double click: back to the default",
  })
  const node = element("label", { className: "lab-slider", dataset: { field: item.field } }, [
    element("span", { className: "lab-name" }, [element("b", { textContent: item.symbol }), ` ${item.label}`]),
    typed,
    element("span", { className: "lab-unit", textContent: item.unit }),
  ])
  if (!item.typed_only) {
    const share = (item.default - item.low) / (item.high - item.low)
    const tick = element("i", { className: "lab-tick", style: { left: `calc(8px + ${share} * (100% - 16px))` } })
    node.append(element("span", { className: "lab-track" }, [tick, range]))
  }
  let dragging = false
  const show = (value) => { typed.value = format(value, item) }
  const tell = (event, value, final) => report(event, send(), { [item.field]: value }, final)
  // A slider let go where it was picked up has no change event: letting go ends the drag, and only keys wait for change.
  let letGo = false
  range.addEventListener("pointerdown", () => { dragging = true })
  range.addEventListener("pointerup", (event) => { dragging = false; letGo = true; tell(event, range.value, true) })
  range.addEventListener("pointercancel", (event) => { dragging = false; tell(event, range.value, true) })
  range.addEventListener("input", (event) => { letGo = false; show(range.value); tell(event, range.value, false) })
  range.addEventListener("change", (event) => { if (!letGo) tell(event, range.value, true) })
  range.addEventListener("dblclick", (event) => tell(event, item.default, true))
  typed.addEventListener("change", (event) => tell(event, typed.value, true))
  typed.addEventListener("keydown", (event) => { if (event.key === "Enter") typed.blur() })
  const update = (next) => {
    if (dragging || document.activeElement === typed) return
    range.value = next.value
    show(next.value)
    node.classList.toggle("lab-outside", next.value < item.low || next.value > item.high)
  }
  return { node, update }
}

function toggle(item, send) {
  const box = element("input", { type: "checkbox" })
  box.addEventListener("change", (event) => report(event, send(), { [item.field]: box.checked }, true))
  const node = element("label", { className: "lab-toggle", dataset: { field: item.field }, title: item.help ?? "" }, [box, ` ${item.label}`])
  return { node, update: (next) => { box.checked = next.value } }
}

function choice(item, send) {
  const select = element("select", { ariaLabel: item.label })
  select.append(...item.options.map(([value, label]) => element("option", { value, textContent: label })))
  select.addEventListener("change", (event) => report(event, send(), { [item.field]: select.value }, true))
  const node = element("label", { className: "lab-choice", dataset: { field: item.field }, title: item.help ?? "" }, [
    element("span", { textContent: item.label }), select,
  ])
  return { node, update: (next) => { select.value = next.value } }
}

function button(item, send) {
  const node = element("button", {
    type: "button", className: "lab-button", textContent: item.label, dataset: { field: item.field }, title: item.help ?? "",
  })
  let latest = item
  node.addEventListener("click", async (event) => {
    if (latest.copy) {
      await copy(location.href)
      node.textContent = "Copied"
      setTimeout(() => { node.textContent = latest.label }, 1500)
    } else {
      report(event, send(), { [item.field]: latest.value }, true)
    }
  })
  return { node, update: (next) => { latest = next } }
}

// The line and the mark that stand for something in a plot.
function sign({ colour, dash, path }) {
  const line = `<path d="M-16,0H16" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>`
  const mark = `<path d="${path}" fill="${colour}" transform="scale(0.9, -0.9)"/>` // plots count pixels upwards
  return element("span", { className: "lab-sign", innerHTML: `<svg viewBox="-16 -8 32 16">${line}${mark}</svg>` })
}

// Check boxes of which several can be ticked.
function several(item, send) {
  const boxes = item.options.map(({ value }) => element("input", { type: "checkbox", value }))
  const ticked = () => boxes.filter((box) => box.checked).map((box) => box.value).join()
  for (const box of boxes) box.addEventListener("change", (event) => report(event, send(), { [item.field]: ticked() }, true))
  const labels = item.options.map(({ value, help, ...look }, i) => (
    element("label", { className: "lab-toggle", title: help }, [boxes[i], sign(look), value])
  ))
  const node = element("div", { className: "lab-several", dataset: { field: item.field } }, labels)
  return { node, update: (next) => boxes.forEach((box) => { box.checked = next.value.includes(box.value) }) }
}

function progress(item) {
  const bar = element("progress", { max: 1, ariaLabel: item.field })
  const said = element("span")
  const node = element("div", { className: "lab-progress", dataset: { field: item.field } }, [bar, said])
  return { node, update: (next) => { bar.value = next.value; say(said, next.text) } }
}

function text(item) {
  const node = element("p", { className: "lab-text" })
  return { node, update: (next) => say(node, next.label) }
}

// The clipboard is closed to pages that come neither from loopback nor by https, and in a frame; a selected field is not.
async function copy(text) {
  try {
    return await navigator.clipboard.writeText(text)
  } catch { /* on to the field */ }
  const field = element("textarea", { value: text })
  document.body.append(field)
  field.select()
  document.execCommand("copy")
  field.remove()
}

// How each kind of control is made: (item, send) → its node and a function that brings it up to date.
const MAKERS = { slider, toggle, choice, several, button, progress, text }

class Controls {
  constructor(root) {
    this.root = root
    this.shape = ""
    this.items = []
  }

  update(data, send) {
    this.send = send
    const shape = JSON.stringify(data.groups.map((group) => [group.title, group.items.map((item) => [item.kind, item.field, item.kind === "text" ? "" : item.label, item.options])]))
    if (shape !== this.shape) this.build(data, shape)
    const items = data.groups.flatMap((group) => group.items)
    items.forEach((item, i) => this.items[i].update(item))
  }

  build(data, shape) {
    this.shape = shape
    this.items = []
    this.root.replaceChildren(...data.groups.map((group) => {
      const parts = group.items.map((item) => {
        const made = MAKERS[item.kind](item, () => this.send)
        this.items.push(made)
        return made.node
      })
      const body = element("div", { className: data.inline ? "lab-inline" : "lab-body" }, parts)
      if (!group.title) return body
      return element("details", { className: "lab-group", open: true }, [element("summary", { textContent: group.title }), body])
    }))
  }
}

// ------------------------------------------------------------------------------------------------------------- plots

let plotly
function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly)
    const script = element("script", { src: new URL("./plotly.min.js", import.meta.url).href })
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => { plotly = undefined; reject(new Error("plotly.min.js did not load")) }
    document.head.append(script)
  })
  return plotly
}

function themeColours(node) {
  const style = getComputedStyle(node)
  const value = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
  const text = value("--st-text-color", "#31333F")
  const background = value("--st-background-color", "#ffffff")
  return {
    "theme:text": text,
    "theme:background": background,
    "theme:muted": `color-mix(in srgb, ${text} 60%, ${background})`,
    "theme:faint": `color-mix(in srgb, ${text} 40%, ${background})`,
    "theme:grid": `color-mix(in srgb, ${text} 12%, ${background})`,
  }
}

// Plotly parses colours itself and knows no color-mix: the browser works them out, once a theme.
const known = new Map()
function resolved(colours) {
  const key = Object.values(colours).join()
  if (!known.has(key)) known.set(key, asRgb(colours))
  return known.get(key)
}

function asRgb(colours) {
  const canvas = element("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true })
  return Object.fromEntries(Object.entries(colours).map(([key, colour]) => {
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data
    return [key, `rgb(${r}, ${g}, ${b})`]
  }))
}

function themed(value, colours) {
  if (typeof value === "string") return colours[value] ?? value
  if (Array.isArray(value)) return value.map((part) => themed(part, colours))
  if (value && typeof value === "object" && !("bdata" in value)) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, themed(part, colours)]))
  }
  return value
}

function numbers(array) {
  const bytes = Uint8Array.from(atob(array.bdata), (letter) => letter.charCodeAt(0))
  return new Float32Array(bytes.buffer)
}

// From a value to the pixels of its axis; the quicker way where no logarithm is to be taken.
function pixels(axis) {
  return axis.type === "log" ? axis.d2p : axis.l2p
}

// The outline of a line trace in the pixels of its pair of axes.
function outline(trace, xaxis, yaxis) {
  const y = numbers(trace.y)
  const x = trace.x && numbers(trace.x)
  const [left, top] = [pixels(xaxis), pixels(yaxis)]
  let path = ""
  let pen = "M"
  for (let i = 0; i < y.length; i++) {
    const across = x ? x[i] : trace.x0 + trace.dx * i
    if (Number.isNaN(across + y[i])) { pen = "M"; continue }
    path += `${pen}${left(across).toFixed(1)},${top(y[i]).toFixed(1)}`
    pen = "L"
  }
  return path
}

// The outline of a shape in the pixels of the drawing; only M, L, H and Z occur, and Plotly counts pixels upwards.
// at: the pixels in its pair of axes where a mark stands, if not at its anchor.
function shapeOutline(shape, xaxis, yaxis, at) {
  const anchored = shape.xsizemode === "pixel"
  const [x0, y0] = at ?? (anchored ? [xaxis.d2p(shape.xanchor), yaxis.d2p(shape.yanchor)] : [])
  const across = (value) => xaxis._offset + (anchored ? x0 + value : xaxis.d2p(value))
  const up = (value) => yaxis._offset + (anchored ? y0 - value : yaxis.d2p(value))
  return shape.path.replace(/([MLH])([^MLHZ]*)/g, (_, pen, point) => {
    const [x, y] = point.split(",").map(Number)
    return pen + across(x).toFixed(1) + (pen === "H" ? "" : `,${up(y).toFixed(1)}`)
  })
}

// The corners of a line trace in the pixels of its pair of axes.
function corners(trace, xaxis, yaxis) {
  const [x, y] = [numbers(trace.x), numbers(trace.y)]
  const [left, top] = [pixels(xaxis), pixels(yaxis)]
  return Array.from(x, (across, i) => [left(across), top(y[i])])
}

// The lines of a plot that grow while a race is played: the position of each, its clock, and those of its two shapes.
function runners(spec) {
  return (spec.figure?.data ?? []).flatMap(({ meta }, trace) => (meta?.clock ? [{ trace, ...meta }] : []))
}

// How many pixels high the legend of the saved picture is: only Plotly knows, once it has drawn it.
async function legendHeight({ data, layout }) {
  const named = data.filter(({ legend }) => legend === "legend2").map((trace) => ({ ...trace, type: "scatter" }))
  const sheet = element("div", { style: { position: "absolute", left: "-9999px" } })
  document.body.append(sheet)
  try {
    await window.Plotly.newPlot(sheet, named, layout)
    return Math.ceil(sheet._fullLayout.legend2?._height ?? 0)
  } finally {
    window.Plotly.purge(sheet)
    sheet.remove()
  }
}

// Draw a plot as an opaque picture, a canvas: as it stands on the page, above the legend that the page shows elsewhere.
async function picture({ data, layout }, size, ground) {
  const figure = structuredClone({ data, layout })
  Object.assign(figure.layout, { paper_bgcolor: ground })
  figure.layout.legend2.visible = true
  const room = await legendHeight(figure)
  figure.layout.margin.b += room
  const { width, height } = { ...size, height: size.height + room }
  const drawing = await window.Plotly.toImage(figure, { format: "svg", imageDataOnly: true, width, height })
  // On the page the style sheet rounds the ends of lines, without which a dot is nothing.
  const rounded = drawing.replaceAll('class="shapelayer"', 'class="shapelayer" stroke-linecap="round"')
  const image = new Image()
  image.src = URL.createObjectURL(new Blob([rounded], { type: "image/svg+xml" }))
  try {
    await image.decode()
    const canvas = element("canvas", { width: FINENESS * width, height: FINENESS * height })
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    return canvas
  } finally {
    URL.revokeObjectURL(image.src)
  }
}

class Plot {
  constructor(id, race) {
    this.race = race
    this.box = element("div", { className: "lab-plot", dataset: { plot: id } })
    this.drawn = { version: "", skeleton: "" } // by Plotly
    this.shown = "" // the version on screen, which may have been slid to
    this.observer = new ResizeObserver(() => this.resize())
    this.box.addEventListener("pointerdown", (event) => this.grab(event), true)
    this.box.addEventListener("pointermove", (event) => this.hover(event))
  }

  async draw(spec, colours, settled, send) {
    if (spec.kept) return
    this.spec = spec
    this.send = send
    this.colours = colours
    const palette = Object.values(colours)
    const version = `${spec.version} ${palette}`
    const skeleton = `${spec.skeleton} ${palette}`
    this.latest = { version, skeleton }
    if (version === this.shown && (version === this.drawn.version || !settled)) return
    const slides = this.drawn.skeleton === skeleton && (!settled || version === this.drawn.version)
    if (!(slides && this.slide(spec.figure))) await this.drawInFull()
    this.shown = version
    this.runners = undefined
    this.follow()
  }

  async drawInFull() {
    const { latest } = this
    await this.react(themed(this.spec.figure, this.colours))
    this.drawn = latest
  }

  async save() {
    // What has only been slid is not yet where Plotly has it.
    if (this.drawn.version !== this.latest.version) await this.drawInFull()
    const canvas = await picture(this.box, this.size, this.colours["theme:background"])
    const download = `inverse-lab-${this.box.dataset.plot}.png`
    element("a", { href: canvas.toDataURL("image/png"), download }).click()
  }

  // The names that the legend hides.
  hidden() {
    const traces = this.ready ? this.box._fullData : []
    return new Set(traces.flatMap(({ visible, legendgroup }) => (visible === "legendonly" && legendgroup ? [legendgroup] : [])))
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
      if (trace.mode !== "lines" || trace.type !== "scatter" || !trace.y.bdata || hidden.has(trace.legendgroup)) continue
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
    moves.forEach(([path, d]) => path.setAttribute("d", d))
    return true
  }

  // The runners of the race as they are drawn: their elements, their corners, and the clock at each corner.
  measured() {
    const { _fullData: traces, _fullLayout: { xaxis, yaxis } } = this.box
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

  // Dim what waits until a slider is let go. Truth and candidate, which move on meanwhile, are not shown where they were.
  async age({ stale, kept }) {
    this.box.classList.toggle("lab-stale", stale)
    const aged = Boolean(stale && kept)
    if (!this.ready || aged === this.aged) return
    this.aged = aged
    const { data, layout } = this.spec.figure
    const opacity = ({ opacity: its }) => (aged ? 0 : its ?? 1)
    const traces = data.flatMap(({ name }, i) => (MOVED.includes(name) ? [i] : []))
    const shapes = Object.fromEntries((layout.shapes ?? []).flatMap((shape, i) => (
      MOVED.includes(shape.legendgroup) ? [[`shapes[${i}].opacity`, opacity(shape)]] : []
    )))
    // Without indices Plotly would take all traces.
    if (traces.length) await window.Plotly.update(this.box, { opacity: traces.map((i) => opacity(data[i])) }, shapes, traces)
    else if (Object.keys(shapes).length) await window.Plotly.relayout(this.box, shapes)
  }

  async react({ data, layout }) {
    const Plotly = await loadPlotly()
    const first = !this.ready
    // With another configuration, Plotly would draw everything anew.
    this.config ??= {
      displaylogo: false, responsive: false,
      showSendToCloud: false, plotlyServerURL: "", // its button would upload the plot to Plotly's server
      modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toImage"],
      modeBarButtonsToAdd: [
        { name: "picture", title: "Download plot as a PNG", icon: Plotly.Icons.camera, click: () => this.save() },
      ],
    }
    if (first) this.size = { width: this.box.clientWidth, height: this.box.clientHeight }
    // Plotly keeps what its legend hides of the traces; of shapes it would keep what it hid at the places of then.
    const hidden = this.hidden()
    const shapes = (layout.shapes ?? []).map((shape) => (hidden.has(shape.legendgroup) ? { ...shape, visible: "legendonly" } : shape))
    await Plotly.react(this.box, data, { ...layout, ...this.size, shapes, editrevision: false }, this.config)
    this.aged = false
    if (this.closed) window.Plotly.purge(this.box) // the page was left meanwhile
    else if (first) {
      this.ready = true
      this.box.on("plotly_click", (event) => this.click(event))
      this.box.on("plotly_afterplot", () => { this.runners = undefined; this.follow() })
      this.observer.observe(this.box)
    }
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.box
    if (!width || (this.size.width === width && this.size.height === height)) return
    this.size = { width, height }
    window.Plotly.relayout(this.box, this.size)
  }

  // The position of a pointer event in the coordinates of the first pair of axes, to about a pixel.
  coordinates(event) {
    const { xaxis, yaxis } = this.box._fullLayout
    const frame = this.box.getBoundingClientRect()
    const clamp = (value, range) => Number(Math.min(Math.max(value, Math.min(...range)), Math.max(...range)).toFixed(4))
    return {
      x: clamp(xaxis.p2d(event.clientX - frame.left - xaxis._offset), xaxis.range),
      y: clamp(yaxis.p2d(event.clientY - frame.top - yaxis._offset), yaxis.range),
    }
  }

  click(event) {
    const { click } = this.spec
    if (!click) return
    const point = event.points[0]
    if (click.point) {
      if (point.customdata !== undefined) report(event.event, this.send, { [click.point]: point.customdata }, true)
      return
    }
    const { x, y } = point.data.type === "surface" ? point : this.coordinates(event.event)
    report(event.event, this.send, click.both ? { [click.both]: `${x},${y}` } : { [click.x]: x, [click.y]: y }, true)
  }

  near(event) {
    const { handle } = this.spec ?? {}
    if (!handle || !this.ready) return false
    const { xaxis, yaxis } = this.box._fullLayout
    const frame = this.box.getBoundingClientRect()
    const dx = event.clientX - frame.left - xaxis._offset - xaxis.d2p(handle.at[0])
    const dy = event.clientY - frame.top - yaxis._offset - yaxis.d2p(handle.at[1])
    return Math.hypot(dx, dy) < GRAB
  }

  hover(event) {
    this.box.classList.toggle("lab-near", this.near(event))
  }

  // Picking up the handle takes the pointer from Plotly until it is let go.
  grab(event) {
    if (event.button !== 0 || !this.near(event)) return
    event.preventDefault()
    event.stopPropagation()
    this.box.setPointerCapture(event.pointerId)
    const { handle } = this.spec
    const move = (moved, final) => {
      const { x, y } = this.coordinates(moved)
      report(moved, this.send, { [handle.x]: x, [handle.y]: y }, final)
    }
    const follow = (moved) => move(moved, false)
    const drop = (moved) => {
      this.box.removeEventListener("pointermove", follow)
      this.box.removeEventListener("pointerup", drop)
      this.box.removeEventListener("pointercancel", drop)
      move(moved, true)
    }
    this.box.addEventListener("pointermove", follow)
    this.box.addEventListener("pointerup", drop)
    this.box.addEventListener("pointercancel", drop)
  }

  close() {
    this.closed = true
    this.observer.disconnect()
    if (this.ready) window.Plotly.purge(this.box)
  }
}

// ------------------------------------------------------------------------------------------------------------- races

const RACE = 10 // s that a race takes
const TEMPO = 0.7 // a second the evaluations grow by at least this, as a logarithm

// One clock for all plots of a stage: the evaluations that each method has spent. It grows geometrically, since methods
// differ by orders of magnitude. A new race plays once; otherwise the whole of it shows.
class Race {
  constructor(show) {
    this.show = show
    this.clock = this.last = 1
    this.clocks = []
    const press = (label, action) => element("button", { type: "button", className: "lab-button", textContent: label, onclick: action })
    this.toggle = press("Play", () => (this.playing ? this.pause() : this.play()))
    this.toggle.classList.add("lab-play")
    this.range = element("input", { type: "range", min: 0, max: 1, step: 0.001, ariaLabel: "evaluations" })
    this.range.addEventListener("input", () => { this.pause(); this.seek(this.last ** this.range.value) })
    this.said = element("span", { className: "lab-clock" })
    this.hint = element("p")
    this.buttons = element("div", { className: "lab-buttons" }, [
      press("Back", () => { this.pause(); this.seek(1) }),
      this.toggle,
      press("Step", () => { this.pause(); this.step() }),
      this.range,
      this.said,
    ])
    this.tools = new Controls(element("div", { className: "lab-controls" }))
    this.node = element("div", { className: "lab-player" }, [this.hint, this.buttons, this.tools.root])
  }

  update(data, plots, send) {
    this.node.hidden = !data
    if (!data) return
    this.clocks = plots.flatMap(runners).map((runner) => numbers(runner.clock))
    this.last = Math.max(1, ...this.clocks.map((clock) => clock.at(-1)))
    say(this.hint, data.id ? "" : data.hint)
    this.buttons.hidden = !data.id
    this.tools.update({ groups: [{ title: "", items: data.tools }], inline: true }, send)
    const isNew = this.begin !== undefined && this.begin !== data.begin
    this.begin = data.begin
    if (data.id !== this.id) {
      this.id = data.id
      this.pause()
      this.clock = this.last
      if (isNew && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.play()
    }
    this.tell()
  }

  play() {
    if (this.clock >= this.last) this.clock = 1
    this.playing = true
    this.toggle.textContent = "Pause"
    const tempo = Math.max(Math.log(this.last) / RACE, TEMPO)
    let then
    const frame = (now) => {
      if (!this.playing) return
      // A tab that was hidden meanwhile goes on where it was.
      this.seek(this.clock * Math.exp(tempo * Math.min((now - (then ?? now)) / 1000, 0.1)))
      then = now
      if (this.clock < this.last) requestAnimationFrame(frame)
      else this.pause()
    }
    requestAnimationFrame(frame)
  }

  pause() {
    this.playing = false
    this.toggle.textContent = "Play"
  }

  // To the next evaluation at which something moves.
  step() {
    const next = this.clocks.flatMap((clock) => clock.find((each) => each > this.clock) ?? [])
    this.seek(Math.min(...next, this.last))
  }

  seek(clock) {
    this.clock = Math.min(Math.max(clock, 1), this.last)
    this.tell()
    this.show()
  }

  tell() {
    this.range.value = this.last > 1 ? Math.log(this.clock) / Math.log(this.last) : 1
    const [now, all] = [Math.floor(this.clock), this.last].map((value) => value.toLocaleString("en-US"))
    say(this.said, `evaluation ${now} of ${all}`)
  }
}

class Plots {
  constructor(root) {
    this.grid = element("div", { className: "lab-plots" })
    this.metrics = element("div", { className: "lab-metrics" })
    this.said = element("div", { className: "lab-said" })
    this.notes = element("div", { className: "lab-notes", role: "status" })
    this.table = element("table", { className: "lab-table" })
    this.plots = new Map()
    this.race = new Race(() => this.plots.forEach((plot) => plot.follow()))
    this.tools = new Controls(element("div", { className: "lab-controls lab-tools" }))
    this.grid.append(this.race.node, this.tools.root, this.table, this.metrics, this.said)
    root.replaceChildren(this.notes, this.grid)
  }

  async update(data, send) {
    this.send = send
    this.grid.dataset.layout = data.layout
    this.list(this.said, data.said, "p", (node, text) => say(node, text))
    this.list(this.notes, data.notes, "p", (node, text) => say(node, text))
    this.list(this.metrics, data.metrics, "div", (node, [label, value, help]) => {
      if (!node.firstChild) node.append(element("span"), element("b"))
      say(node.firstChild, label)
      say(node.lastChild, value)
      node.title = help
    })
    this.race.update(data.race, data.plots, send)
    this.tools.root.hidden = !data.tools.length
    this.tools.update({ groups: [{ title: "", items: data.tools }], inline: true }, send)
    this.list(this.table, data.table, "tr", (row, cells) => this.list(row, cells, "td", (cell, value) => this.cell(cell, value)))
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
      if (!this.plots.has(spec.id)) {
        const plot = new Plot(spec.id, this.race)
        this.plots.set(spec.id, plot)
        this.grid.append(plot.box)
      }
      await this.plots.get(spec.id).draw(spec, colours, data.settled, send)
      await this.plots.get(spec.id).age(spec)
    }
    this.race.show()
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
    entries.forEach((entry, i) => fill(parent.children[i], entry))
    parent.hidden = entries.length === 0
  }

  close() {
    this.closed = true
    this.race.pause()
    this.plots.forEach((plot) => plot.close())
  }
}

// ---------------------------------------------------------------------------------------------------------- instances

const instances = new WeakMap()

function instance(parent, kind) {
  let held = instances.get(parent)
  if (!held) {
    const root = element("div", { className: `lab-${kind}` })
    parent.append(root)
    held = kind === "controls" ? new Controls(root) : new Plots(root)
    held.root = root
    instances.set(parent, held)
  }
  return held
}

export default function live({ data, parentElement, setTriggerValue }) {
  const held = instance(parentElement, data.kind)
  const send = (change) => setTriggerValue("change", change)
  // One update after the other, so that an older one never draws over a newer.
  const drawn = (held.queue ?? Promise.resolve()).then(() => held.update(data, send))
  held.queue = drawn.catch(() => {})
  if (data.address) history.replaceState(history.state, "", `?${data.address}${location.hash}`)
  drawn.catch((error) => console.error(error)).then(() => { if (data.answers) painted(data.answers) })
  return () => {
    instances.delete(parentElement)
    held.close?.()
    held.root.remove()
  }
}
