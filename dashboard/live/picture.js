// What the camera of a plot saves.

import { element } from "./element.js"

const FINENESS = 2 // pixels of a saved picture for each on the page, along both sides

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
export async function picture({ data, layout }, size, ground) {
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
