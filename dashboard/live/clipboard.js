// What a button copies.

import { element } from "./element.js"

/** Copy a text. The clipboard is closed to pages that come neither from loopback nor by https, and in a frame; a
 * selected field is not.
 * @param {string} text */
export async function copy(text) {
  try {
    return await navigator.clipboard.writeText(text)
  } catch {
    /* on to the field */
  }
  const field = element("textarea", { value: text })
  document.body.append(field)
  field.select()
  document.execCommand("copy")
  field.remove()
}
