/** One event of a watch as it goes over the wire. */
export interface WatchFrame {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: Record<string, unknown>;
}

/** The longest line that is taken: an object is at most 1.5 MB, and its encoding can be larger. */
const MAX_FRAME_BYTES = 16 << 20;

/**
 * Splits the body of a watch into its events, one JSON value a line. Ends when the body does; throws what the body
 * throws, and SyntaxError for a body that is cut within an event.
 */
export async function* watchFrames(body: AsyncIterable<Uint8Array>): AsyncIterable<WatchFrame> {
  const decoder = new TextDecoder();
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = decoder.decode(joined(rest, chunk.subarray(start, end)));
      rest = [];
      restBytes = 0;
      start = end + 1;
      if (line !== "") yield JSON.parse(line) as WatchFrame;
    }
    if (start === chunk.length) continue;
    rest.push(chunk.subarray(start));
    restBytes += chunk.length - start;
    if (restBytes > MAX_FRAME_BYTES) throw new SyntaxError("Cannot read watch: event too long");
  }
  if (restBytes > 0) throw new SyntaxError("Cannot read watch: cut within an event");
}

function joined(rest: readonly Uint8Array[], last: Uint8Array): Uint8Array {
  if (rest.length === 0) return last;
  const whole = new Uint8Array(rest.reduce((sum, part) => sum + part.length, last.length));
  let at = 0;
  for (const part of rest) {
    whole.set(part, at);
    at += part.length;
  }
  whole.set(last, at);
  return whole;
}
