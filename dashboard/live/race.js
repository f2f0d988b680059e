// The player of a race.

import { Controls } from "./controls.js"
import { element, say } from "./element.js"
import { hasPlayer } from "./lesson_state.js"
import { runners } from "./outlines.js"
import { play } from "./playback.js"
import { numbers } from "./typed_array.js"

const RACE = 10 // s that a race takes
const TEMPO = 0.7 // a second the evaluations grow by at least this, as a logarithm

// One clock for all plots of a stage: the evaluations that each method has spent. It grows geometrically, since methods
// differ by orders of magnitude. A new race plays once; otherwise the whole of it shows.
export class Race {
  constructor(show) {
    this.show = show
    this.clock = this.last = 1
    this.clocks = []
    const press = (label, action) =>
      element("button", { type: "button", className: "lab-button", textContent: label, onclick: action })
    this.toggle = press("Play", () => (this.playing ? this.pause() : this.play()))
    this.toggle.classList.add("lab-play")
    this.range = element("input", { type: "range", min: 0, max: 1, step: 0.001 })
    this.range.addEventListener("input", () => {
      this.pause()
      this.seek(this.last ** this.range.value)
    })
    this.said = element("span", { className: "lab-clock" })
    this.hint = element("p")
    this.buttons = element("div", { className: "lab-buttons" }, [
      press("Back", () => {
        this.pause()
        this.seek(1)
      }),
      this.toggle,
      press("Step", () => {
        this.pause()
        this.step()
      }),
      this.range,
      this.said,
    ])
    this.tools = new Controls(element("div", { className: "lab-controls" }))
    this.node = element("div", { className: "lab-player lab-race" }, [this.hint, this.buttons, this.tools.root])
  }

  update(data, plots, send, knows) {
    if (!data) return
    const moving = plots.flatMap((plot) => [...runners(plot), ...(plot.figure?.layout.meta?.swarms ?? [])])
    this.counts = data.counts
    this.range.ariaLabel = `${data.counts}s`
    this.clocks = moving.map(({ clock }) => numbers(clock))
    this.last = Math.max(1, ...this.clocks.map((clock) => clock.at(-1)))
    say(this.hint, data.id ? "" : data.hint)
    this.buttons.hidden = !data.id
    this.tools.update({ groups: [{ title: "", items: data.tools }], inline: true, knows }, send)
    const isNew = this.begin !== undefined && this.begin !== data.begin
    this.begin = data.begin
    if (data.id !== this.id) {
      this.id = data.id
      this.pause()
      this.clock = this.last
      if (isNew && hasPlayer() && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.play()
    }
    this.tell()
  }

  play() {
    if (this.clock >= this.last) this.clock = 1
    this.playing = true
    this.toggle.textContent = "Pause"
    const tempo = Math.max(Math.log(this.last) / RACE, TEMPO)
    play((seconds) => {
      if (!this.playing) return false
      this.seek(this.clock * Math.exp(tempo * seconds))
      if (this.clock >= this.last) this.pause()
      return this.playing
    })
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
    say(this.said, `${this.counts} ${now} of ${all}`)
  }
}
