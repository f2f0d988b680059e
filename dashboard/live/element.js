// Elements of the document.

export function element(tag, properties = {}, children = []) {
  const node = document.createElement(tag)
  const { dataset, style, ...rest } = properties
  Object.assign(node, rest)
  Object.assign(node.dataset, dataset)
  Object.assign(node.style, style)
  node.append(...children)
  return node
}

/** Return the drawing that a markup describes: the parser alone knows its namespace without naming it.
 * @param {string} markup of one svg element
 * @returns {SVGSVGElement} */
export function drawingOf(markup) {
  return element("template", { innerHTML: markup }).content.firstElementChild
}

// Bring the text of a node up to date without touching it when nothing changed.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text
  node.hidden = !text
}

// Bring the children of a node up to date, one of this tag for each entry.
export function fill(parent, entries, tag, each) {
  while (parent.children.length > entries.length) parent.lastChild.remove()
  while (parent.children.length < entries.length) parent.append(element(tag))
  for (const [i, entry] of entries.entries()) each(parent.children[i], entry)
  parent.hidden = entries.length === 0
}

/** Say whether two values that the server sent are the same.
 * @param {any} one
 * @param {any} other */
export function same(one, other) {
  if (one === other) return true
  if (!one || !other || typeof one !== "object" || typeof other !== "object") return false
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => same(one[name], other[name]))
}
