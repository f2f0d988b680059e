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

// Bring the text of a node up to date without touching it when nothing changed.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text
  node.hidden = !text
}
