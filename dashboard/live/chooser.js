// A list of names of which a few can be ticked: it opens under a button, and a part of a name finds them.

import { element, same, say } from "./element.js"
import { place } from "./help.js"
import { report } from "./messages.js"

const NONE = "-" // stands for no names

/** @param {import("./data").Item} item
 * @param {() => import("./data").Send} send */
export function chooser(item, send) {
  let latest = item
  let rows = /** @type {{ box: HTMLInputElement, label: HTMLElement }[]} */ ([])
  const search = element("input", {
    type: "search",
    placeholder: "part of a name",
    ariaLabel: `find among the ${item.label}`,
    autocomplete: "off",
    spellcheck: false,
    autofocus: true,
  })
  const list = element("div", { className: "lab-chooser-list", role: "group", ariaLabel: item.label })
  const said = element("p", { className: "lab-text", role: "status" })
  const leaf = element("div", { className: "lab-meaning lab-chooser-leaf", popover: "auto" }, [search, list, said])
  const button = element("button", { type: "button", className: "lab-button", popoverTargetElement: leaf })
  const node = element("div", { className: "lab-chooser", dataset: { field: item.field } }, [button, leaf])

  const isFull = () => latest.value.length >= (latest.most ?? 0)
  const find = () => {
    const part = search.value.trim().toLowerCase()
    const found = rows.filter(({ box }) => box.value.toLowerCase().includes(part))
    // What is ticked stays in sight, to make room for another.
    for (const row of rows) row.label.hidden = !row.box.checked && !found.includes(row)
    const room = isFull() ? `${latest.most} are shown, which is the most: untick one first.` : "The newest stand first."
    say(said, found.length ? room : "No map has this in its name.")
  }
  search.addEventListener("input", find)
  list.addEventListener("change", (event) => {
    const { value, checked } = event.target
    const others = latest.value.filter((/** @type {string} */ name) => name !== value)
    report(event, send(), { [item.field]: (checked ? [...others, value] : others).join() || NONE }, true)
  })
  leaf.addEventListener("toggle", ({ newState }) => newState === "open" && place(leaf, button))
  return {
    node,
    /** @param {import("./data").Item} next */
    update: (next) => {
      // While a hand is on a control, the names are not sent.
      const names = next.names ?? latest.names ?? []
      if (rows.length === 0 || !same(names, latest.names)) {
        rows = names.map((value) => {
          const box = element("input", { type: "checkbox", value })
          return { box, label: element("label", { className: "lab-toggle" }, [box, value]) }
        })
        list.replaceChildren(...rows.map(({ label }) => label))
      }
      latest = { ...next, names }
      for (const { box } of rows) {
        box.checked = next.value.includes(box.value)
        box.disabled = !box.checked && isFull()
      }
      say(button, `${item.label}: ${next.value.length} of ${names.length}`)
      find()
    },
  }
}
