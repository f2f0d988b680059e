// What a plot saves: an opaque picture of it, of points or of lines, with the font of the page in it.

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

/** @type {Promise<string> | undefined} */
let font

/** Return the rule that brings the font of the page: a picture knows no file beside it. */
function fontRule() {
  font ??= fetch(new URL("./Inter.woff2", import.meta.url))
    .then((response) => response.blob())
    .then(
      (blob) =>
        new Promise((/** @type {(rule: string) => void} */ resolve) => {
          const reader = new FileReader()
          reader.onload = () =>
            resolve(`@font-face{font-family:Inter;font-weight:100 900;src:url(${reader.result}) format("woff2")}`)
          reader.readAsDataURL(blob)
        }),
    )
    .catch(() => {
      font = undefined
      return ""
    })
  return font
}

/** Draw a plot as it stands on the page, above the legend that the page shows elsewhere.
 * @param {any} box the element of the plot
 * @param {{ width: number, height: number }} size
 * @param {string} ground its colour
 * @returns {Promise<{ text: string, width: number, height: number }>} the text of an SVG file */
export async function drawing({ data, layout }, size, ground) {
  const figure = structuredClone({ data, layout })
  Object.assign(figure.layout, { paper_bgcolor: ground })
  figure.layout.legend2.visible = true
  const room = await legendHeight(figure)
  figure.layout.margin.b += room
  const { width, height } = { ...size, height: size.height + room }
  const drawn = await window.Plotly.toImage(figure, { format: "svg", imageDataOnly: true, width, height })
  const text = drawn
    // On the page the style sheet rounds the ends of lines, without which a dot is nothing.
    .replaceAll('class="shapelayer"', 'class="shapelayer" stroke-linecap="round"')
    .replace(/>/, `><style>${await fontRule()}</style>`)
  return { text, width, height }
}

/** Return a drawing as a canvas. */
async function painting({ text, width, height }) {
  const image = new Image()
  image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }))
  try {
    await image.decode()
    const canvas = element("canvas", { width: FINENESS * width, height: FINENESS * height })
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    return canvas
  } finally {
    URL.revokeObjectURL(image.src)
  }
}

/** Save a drawing as a file.
 * @param {"png" | "svg"} kind
 * @param {string} name of the file, without its ending
 * @param {{ text: string, width: number, height: number }} drawn */
export async function save(kind, name, drawn) {
  const href =
    kind === "png"
      ? (await painting(drawn)).toDataURL("image/png")
      : `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawn.text)}`
  element("a", { href, download: `${name}.${kind}` }).click()
}
