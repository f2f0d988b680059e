// The hand on a plot: where it points, and what it drags.

const GRAB = 16 // px around a handle within which it can be picked up

/** Return the position of a pointer event in the coordinates of the first pair of axes, to about a pixel. */
export function coordinates(box, event) {
  const { xaxis, yaxis } = box._fullLayout
  const frame = box.getBoundingClientRect()
  const clamp = (value, range) => Number(Math.min(Math.max(value, Math.min(...range)), Math.max(...range)).toFixed(4))
  return {
    x: clamp(xaxis.p2d(event.clientX - frame.left - xaxis._offset), xaxis.range),
    y: clamp(yaxis.p2d(event.clientY - frame.top - yaxis._offset), yaxis.range),
  }
}

/** Return the handle that a pointer event could pick up: the nearest one. */
export function nearest(box, handles, event) {
  const { xaxis, yaxis } = box._fullLayout
  const frame = box.getBoundingClientRect()
  const distance = ({ at: [x, y] }) =>
    Math.hypot(
      event.clientX - frame.left - xaxis._offset - xaxis.d2p(x),
      event.clientY - frame.top - yaxis._offset - yaxis.d2p(y),
    )
  const [first] = [...handles].sort((one, other) => distance(one) - distance(other))
  return first && distance(first) < GRAB ? first : undefined
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
