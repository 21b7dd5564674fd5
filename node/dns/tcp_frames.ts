/** A message with its length before it, as DNS over TCP wants it (RFC 1035, section 4.2.2). */
export function framed(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(2 + message.length);
  new DataView(frame.buffer).setUint16(0, message.length);
  frame.set(message, 2);
  return frame;
}

/** A receiver of bytes that calls `onMessage` for each whole message. Holds at most one incomplete message. */
export function frames(onMessage: (message: Uint8Array) => void): (part: Uint8Array) => void {
  let rest: Uint8Array = new Uint8Array();
  return (part) => {
    const bytes = new Uint8Array(rest.length + part.length);
    bytes.set(rest);
    bytes.set(part, rest.length);
    let at = 0;
    while (bytes.length - at >= 2) {
      const end = at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
      if (end > bytes.length) break;
      onMessage(bytes.slice(at + 2, end));
      at = end;
    }
    rest = bytes.slice(at);
  };
}
