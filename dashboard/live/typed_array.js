// Arrays as figures carry them: base64 of 32-bit floats.

/** @param {{ bdata: string }} array */
export function numbers(array) {
  const letters = atob(array.bdata)
  const bytes = new Uint8Array(letters.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i)
  return new Float32Array(bytes.buffer)
}
