// The heat map while a control is dragged. Plotly takes 30 ms to draw one anew. An image of one pixel a cell, which the
// server has coloured, takes the place of Plotly's in less than one.

import { numbers } from "./typed_array.js"

function ends(array) {
  const values = numbers(array)
  const half = (values[1] - values[0]) / 2
  return [values[0] - half, values[values.length - 1] + half]
}

// Exchange the image of a plot's heat map, the nth of those that it has drawn, for the one in its trace's meta.image.
// x and y are the middles of the cells, rising and equally far apart. Returns false where no image is drawn.
export function exchangeImage(box, nth, { x, y, meta }) {
  const image = box.querySelectorAll(".heatmaplayer image")[nth]
  if (!image) return false
  const { xaxis, yaxis } = box._fullLayout
  const [left, right] = ends(x).map((edge) => xaxis.d2p(edge))
  const [bottom, top] = ends(y).map((edge) => yaxis.d2p(edge))
  const place = { x: left, y: top, width: Math.round(right - left), height: Math.round(bottom - top), href: meta.image }
  for (const [name, value] of Object.entries(place)) image.setAttribute(name, value)
  return true
}
