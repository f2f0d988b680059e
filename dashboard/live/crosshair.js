// A plot by keyboard: arrow keys move a cross-hair, whose place, and what is there, is shown and spoken.

import { element, say } from "./element.js"
import { moved, nearestHandle, placeAt } from "./hand.js"
import { taken } from "./lesson_state.js"
import { report } from "./messages.js"
import { nearest } from "./nearest.js"
import { tell } from "./speech.js"

const STEP = 0.01 // of an axis, for each press of an arrow key
const LARGE_STEP = 0.1 // with Shift
const ZOOM = 0.7
const TURN = Math.PI / 18 // of a surface
const SPEECH_MS = 350 // after the last move, so that a key that is held is not spoken at each step

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }

/** Return a value with the decimals that one step along its axis changes.
 * @param {any} axis
 * @param {number} value */
function written(axis, value) {
  const [low, high] = axis.range
  const decimals = Math.min(Math.max(Math.ceil(-Math.log10(Math.abs(high - low) * STEP)), 0), 6)
  const text = axis.type === "log" ? String(Number(value.toPrecision(3))) : value.toFixed(decimals)
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−")
}

/** Return a value after the name of its axis, and before its unit: "t 12.4 ms".
 * @param {any} axis
 * @param {number} value */
function named(axis, value) {
  const [, name, unit = ""] = /^(.*?)\s*(?:\[(.*)\])?$/.exec(axis.title?.text ?? "") ?? ["", ""]
  return [name, written(axis, value), unit].filter(Boolean).join(" ")
}

export class Crosshair {
  /** @param {any} plot */
  constructor(plot) {
    this.plot = plot
    this.across = 0.5 // share of the first pair of axes
    this.up = 0.5
    this.held = /** @type {import("./data").Handle | null} */ (null) // the handle that the arrow keys drag
    this.lines = ["x", "y"].map((way) => element("i", { className: `lab-hair-${way}` }))
    this.label = element("output", { className: "lab-hair-label", ariaLive: "off" })
    this.node = element(
      "div",
      { className: "lab-crosshair", tabIndex: 0, role: "application", ariaRoleDescription: "plot" },
      [...this.lines, this.label],
    )
    this.node.addEventListener("keydown", (event) => this.key(event))
    this.node.addEventListener("focus", () => this.node.matches(":focus-visible") && this.begin())
    this.node.addEventListener("blur", () => this.hide())
    this.hide()
  }

  /** Name the plot after its title and axes, and tell what its keys do. */
  describe() {
    const { layout, _fullLayout: full } = this.plot.box
    const { click, handles = [] } = this.plot.spec
    const axes = full.scene ?? full
    const [x, y] = [axes.xaxis, axes.yaxis].map((axis) => axis?.title?.text ?? "")
    this.node.ariaLabel = `${layout.title?.text ?? ""}: ${y} over ${x}`
    this.keys = full.scene
      ? ["arrows turn"]
      : ["arrows move a cross-hair, with Shift further", "+ and − zoom", "digits act on the legend"]
    if (click) this.keys.push("Enter does what a click does there")
    if (handles.length) this.keys.push("Space picks the nearest point up and lets it go")
    this.keys.push("Escape leaves")
    const sentence = this.keys.join("; ")
    this.node.ariaDescription = `${sentence[0].toUpperCase()}${sentence.slice(1)}.`
  }

  begin() {
    const [handle] = this.plot.spec?.handles ?? []
    if (handle && !this.stoodAt) this.standAt(handle.at)
    say(this.label, this.keys?.join(" · ") ?? "")
    this.label.className = "lab-hair-label lab-hair-hint"
  }

  hide() {
    this.drop()
    for (const node of [...this.lines, this.label]) node.hidden = true
    if (this.plot.ready && !this.plot.closed) window.Plotly.Fx.unhover(this.plot.box)
  }

  /** @param {[number, number]} at in the coordinates of the axes */
  standAt([x, y]) {
    const { xaxis, yaxis } = this.plot.box._fullLayout
    this.across = Math.min(Math.max(xaxis.d2p(x) / xaxis._length, 0), 1)
    this.up = Math.min(Math.max(1 - yaxis.d2p(y) / yaxis._length, 0), 1)
    this.stoodAt = true
  }

  /** Return where the cross-hair stands, in pixels of the plot.
   * @returns {[number, number]} */
  pixels() {
    const { xaxis, yaxis } = this.plot.box._fullLayout
    return [xaxis._offset + this.across * xaxis._length, yaxis._offset + (1 - this.up) * yaxis._length]
  }

  /** @param {any} event */
  key(event) {
    if (event.target !== this.node || event.ctrlKey || event.altKey || event.metaKey || !this.plot.ready) return
    const arrow = ARROWS[event.key]
    if (event.key === "Escape" && this.label.hidden) return
    const act = arrow
      ? () => this.move(event, arrow)
      : {
          Enter: () => (this.held ? this.drop(event) : this.choose(event)),
          " ": () => (this.held ? this.drop(event) : this.pickUp()),
          Escape: () => this.leave(event),
          "+": () => this.zoom(ZOOM),
          "-": () => this.zoom(1 / ZOOM),
        }[event.key]
    if (act) act()
    else if (/^[1-9]$/.test(event.key)) this.toggleEntry(Number(event.key) - 1)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  /** @param {any} event
   * @param {number[]} way */
  move(event, [right, up]) {
    const { box, send } = this.plot
    if (box._fullLayout.scene) return this.turn(right, up)
    const step = event.shiftKey ? LARGE_STEP : STEP
    this.stoodAt = true
    this.across = Math.min(Math.max(this.across + right * step, 0), 1)
    this.up = Math.min(Math.max(this.up + up * step, 0), 1)
    if (this.held) report(event, send, moved(this.held, placeAt(box, ...this.pixels())), false)
    this.show()
  }

  /** Show the cross-hair, its place and what is there. */
  show() {
    const { box } = this.plot
    const { xaxis, yaxis } = box._fullLayout
    const [left, top] = this.pixels()
    const [upright, level] = this.lines
    Object.assign(upright.style, { left: `${left}px`, top: `${yaxis._offset}px`, height: `${yaxis._length}px` })
    Object.assign(level.style, { top: `${top}px`, left: `${xaxis._offset}px`, width: `${xaxis._length}px` })
    for (const line of this.lines) line.hidden = false
    const { x, y } = placeAt(box, left, top)
    this.place = `${named(xaxis, x)}, ${named(yaxis, y)}`
    this.label.className = "lab-hair-label"
    say(this.label, this.place)
    this.put()
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.speak(), SPEECH_MS)
  }

  /** Put the label beside the cross-hair, within the plot. */
  put() {
    const [left, top] = this.pixels()
    const { clientWidth: width, clientHeight: height } = this.node
    const { offsetWidth, offsetHeight } = this.label
    this.label.style.left = `${left + 8 + offsetWidth < width ? left + 8 : Math.max(left - 8 - offsetWidth, 0)}px`
    this.label.style.top = `${Math.max(Math.min(top + 8, height - 2 * offsetHeight), 0)}px`
  }

  /** Tell the place, and the value that Plotly has for it or the nearest point of a curve. */
  speak() {
    if (this.label.hidden) return
    const found = this.nearest(this.plot.spec.figure.data)
    const { xaxis, yaxis } = this.plot.box._fullLayout
    const near = found && `${found.name}: ${named(xaxis, found.x)}, ${named(yaxis, found.y)}`
    const sentence = [this.place, this.labelled() || near].filter(Boolean).join(" · ")
    say(this.label, sentence)
    this.put()
    tell(sentence)
  }

  /** @param {any[]} traces */
  nearest(traces) {
    return nearest(this.plot.box, traces, this.pixels(), this.plot.hidden())
  }

  /** Return the value in the label that Plotly would show to a mouse, "" where it has none. */
  labelled() {
    const { box, spec } = this.plot
    if (spec.imageOnly || !spec.figure.data.some(({ hovertemplate }) => hovertemplate)) return ""
    const { xaxis, yaxis } = box._fullLayout
    const [left, top] = this.pixels()
    window.Plotly.Fx.hover(box, { xpx: left - xaxis._offset, ypx: top - yaxis._offset }, "xy")
    const labels = [...box.querySelectorAll(".hoverlayer .hovertext text.nums")]
    window.Plotly.Fx.unhover(box)
    return labels.map(({ textContent }) => textContent.replace(/^.*: /, "")).join(", ") // the place stands before it
  }

  /** @param {any} event */
  choose(event) {
    const { box, spec } = this.plot
    if (box._fullLayout.scene || taken(box.dataset.plot, placeAt(box, ...this.pixels())) || !spec.click) return
    const picked = this.nearest(spec.figure.data.filter(({ customdata }) => customdata))
    this.plot.choose(event, placeAt(box, ...this.pixels()), picked)
  }

  pickUp() {
    const { handle } = nearestHandle(this.plot.box, this.plot.handles(), ...this.pixels())
    if (!handle) return
    this.held = handle
    this.before = handle.at
    this.standAt(handle.at)
    this.show()
    tell("Picked up: arrows move it, Enter lets it go, Escape puts it back.")
  }

  /** Let the handle go, where it is or at other coordinates.
   * @param {any} [event]
   * @param {[number, number]} [at] */
  drop(event = new Event("drop"), at) {
    const { held } = this
    if (!held) return
    this.held = null
    const { box, send } = this.plot
    const place = at ? { x: at[0], y: at[1] } : placeAt(box, ...this.pixels())
    report(event, send, moved(held, place), true)
  }

  /** @param {any} event */
  leave(event) {
    if (!this.held) return this.hide()
    this.standAt(this.before)
    this.drop(event, this.before)
    this.show()
  }

  /** @param {number} factor */
  zoom(factor) {
    const full = this.plot.box._fullLayout
    if (full.scene) return
    const update = {}
    for (const [name, share] of Object.entries({ xaxis: this.across, yaxis: this.up })) {
      const [low, high] = full[name].range
      const middle = low + share * (high - low)
      update[`${name}.range`] = [low, high].map((end) => middle + factor * (end - middle))
    }
    window.Plotly.relayout(this.plot.box, update)
    this.show()
  }

  /** Turn a surface round its upright axis, and tilt it.
   * @param {number} right
   * @param {number} up */
  turn(right, up) {
    const { eye } = this.plot.box._fullLayout.scene._scene.getCamera()
    const around = Math.atan2(eye.y, eye.x) + right * TURN
    const distance = Math.hypot(eye.x, eye.y, eye.z)
    const height = Math.min(Math.max(Math.asin(eye.z / distance) + up * TURN, -1.5), 1.5)
    const [x, y] = [Math.cos(around), Math.sin(around)].map((part) => distance * Math.cos(height) * part)
    window.Plotly.relayout(this.plot.box, { "scene.camera.eye": { x, y, z: distance * Math.sin(height) } })
  }

  /** Click the nth entry of the legend: Plotly shows or hides what it names.
   * @param {number} n */
  toggleEntry(n) {
    const entry = this.plot.box.querySelectorAll(".legend .traces")[n]
    if (!entry) return
    const toggle = entry.querySelector(".legendtoggle")
    for (const type of ["mousedown", "mouseup"]) toggle.dispatchEvent(new MouseEvent(type, { bubbles: true }))
    tell(`${entry.textContent}: shown or hidden`)
  }
}
