// Playing: something moves from frame to frame until it stops.

const MOST_FRAME_S = 0.1 // a tab that was hidden meanwhile goes on where it was

/** Call a function at each frame with the seconds since the last one, until it returns false.
 * @param {(seconds: number) => boolean} step */
export function play(step) {
  /** @type {number | undefined} */
  let then
  const frame = (/** @type {number} */ now) => {
    const goesOn = step(Math.min((now - (then ?? now)) / 1000, MOST_FRAME_S))
    then = now
    if (goesOn) requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
}
