/** Text of bytes, one character a byte. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  // Few engines take more than some ten thousand arguments.
  const most = 4096;
  if (to - from <= most) {
    return String.fromCharCode.apply(null, bytes.subarray(from, to) as unknown as number[]);
  }
  let text = "";
  for (let at = from; at < to; at += most) text += latin1(bytes, at, Math.min(to, at + most));
  return text;
}

/** The parts one after the other, as one piece of memory of their own. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
