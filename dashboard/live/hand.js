// The hand on a plot: where it points, and what it drags.

const GRAB = 16 // px around a handle within which it can be picked up

/** Return the position of a pointer event in the coordinates of the first pair of axes, to about a pixel. */
export function coordinates(box, event) {
  const frame = box.getBoundingClientRect()
  return placeAt(box, event.clientX - frame.left, event.clientY - frame.top)
}

/** Return the same for a place in pixels of the plot. */
export function placeAt(box, left, top) {
  const { xaxis, yaxis } = box._fullLayout
  const clamp = (value, range) => Number(Math.min(Math.max(value, Math.min(...range)), Math.max(...range)).toFixed(4))
  return {
    x: clamp(xaxis.p2d(left - xaxis._offset), xaxis.range),
    y: clamp(yaxis.p2d(top - yaxis._offset), yaxis.range),
  }
}

/** Return the handle nearest to a place in pixels of the plot, and how far off it is. */
export function nearestHandle(box, handles, left, top) {
  const { xaxis, yaxis } = box._fullLayout
  const distance = ({ at: [x, y] }) =>
    Math.hypot(left - xaxis._offset - xaxis.d2p(x), top - yaxis._offset - yaxis.d2p(y))
  const [handle] = [...handles].sort((one, other) => distance(one) - distance(other))
  return { handle, distance: handle ? distance(handle) : Number.POSITIVE_INFINITY }
}

/** Return the handle that a pointer event could pick up. */
export function within(box, handles, event) {
  const frame = box.getBoundingClientRect()
  const { handle, distance } = nearestHandle(box, handles, event.clientX - frame.left, event.clientY - frame.top)
  return distance < GRAB ? handle : undefined
}

/** Return what dragging a handle to a place sets; a handle sets one field, or both. */
export function moved(handle, { x, y }) {
  return { ...(handle.x && { [handle.x]: x }), ...(handle.y && { [handle.y]: y }) }
}

/** Take the pointer from Plotly until it is let go; move(event, final) hears of all its moves. */
export function drag(box, event, move) {
  event.preventDefault()
  event.stopPropagation()
  box.setPointerCapture(event.pointerId)
  const follow = (moved) => move(moved, false)
  const drop = (moved) => {
    box.removeEventListener("pointermove", follow)
    box.removeEventListener("pointerup", drop)
    box.removeEventListener("pointercancel", drop)
    move(moved, true)
  }
  box.addEventListener("pointermove", follow)
  box.addEventListener("pointerup", drop)
  box.addEventListener("pointercancel", drop)
}
