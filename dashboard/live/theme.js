// Colours that the theme decides, and sizes that a lecture magnifies: figures name them, the browser knows them.

import { element } from "./element.js"

const COLOUR = /^theme:([a-z0-9-]+)(?:@([\d.]+))?$/
const LECTURE_SCALE = 1.35

/** Say whether the page is shown to a class. */
export function isLecture() {
  return document.documentElement.hasAttribute("data-lab-lecture")
}

/** @param {string} colour
 * @returns {string} the same for a style: a colour of the theme as the variable that holds it */
export function styled(colour) {
  const [, name] = COLOUR.exec(colour) ?? []
  return name ? `var(--lab-${name})` : colour
}

/** The theme that a node stands in: its identity, what its figures are magnified by, and its colours by name. */
export class Theme {
  /** @param {HTMLElement} node */
  constructor(node) {
    const style = getComputedStyle(node)
    const parts = ["--st-text-color", "--st-background-color"].map((name) => style.getPropertyValue(name))
    this.node = node
    this.scale = isLecture() ? LECTURE_SCALE : 1
    this.colours = parts.join()
    this.id = `${this.colours} ${this.scale}`
  }

  /** @param {string} colour
   * @returns {string} as Plotly reads it */
  colour(colour) {
    const [, name, opacity = "1"] = COLOUR.exec(colour) ?? []
    return name ? `rgba(${channels(name, this)}, ${opacity})` : colour
  }

  /** Return a part of a figure with its colours and sizes.
   * @param {any} part
   * @returns {any} */
  applied(part) {
    if (typeof part === "string") return this.colour(part)
    if (Array.isArray(part)) return part.map((each) => this.applied(each))
    if (!part || typeof part !== "object" || "bdata" in part) return part
    return Object.fromEntries(Object.entries(part).map(([key, each]) => [key, this.named(key, this.applied(each))]))
  }

  /** @param {string} key
   * @param {any} part */
  named(key, part) {
    if (this.scale === 1) return part
    if (key.endsWith("font") && part.size) return { ...part, size: part.size * this.scale }
    if (key === "margin")
      return Object.fromEntries(Object.entries(part).map(([side, width]) => [side, width * this.scale]))
    return part
  }
}

// Plotly parses colours itself and knows neither variables nor color-mix: the browser works them out, once a theme.
/** @type {Map<string, string>} */
const known = new Map()

/** Return red, green and blue of a colour of the theme.
 * @param {string} name
 * @param {Theme} theme */
function channels(name, { node, colours }) {
  const key = `${name} ${colours}`
  const found = known.get(key) ?? read(name, node)
  known.set(key, found)
  return found
}

/** @param {string} name
 * @param {HTMLElement} node */
function read(name, node) {
  const probe = element("i", { style: { color: `var(--lab-${name})`, display: "none" } })
  node.append(probe)
  const paint = element("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true })
  paint.fillStyle = getComputedStyle(probe).color
  probe.remove()
  paint.fillRect(0, 0, 1, 1)
  return [...paint.getImageData(0, 0, 1, 1).data.slice(0, 3)].join(", ")
}
