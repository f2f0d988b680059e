// Colours that the theme decides: figures name them, the browser knows them.

import { element } from "./element.js"

export function themeColours(node) {
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
export function resolved(colours) {
  const key = Object.values(colours).join()
  if (!known.has(key)) known.set(key, asRgb(colours))
  return known.get(key)
}

function asRgb(colours) {
  const canvas = element("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true })
  return Object.fromEntries(
    Object.entries(colours).map(([key, colour]) => {
      canvas.fillStyle = colour
      canvas.fillRect(0, 0, 1, 1)
      const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data
      return [key, `rgb(${r}, ${g}, ${b})`]
    }),
  )
}

export function themed(value, colours) {
  if (typeof value === "string") return colours[value] ?? value
  if (Array.isArray(value)) return value.map((part) => themed(part, colours))
  if (value && typeof value === "object" && !("bdata" in value)) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, themed(part, colours)]))
  }
  return value
}
