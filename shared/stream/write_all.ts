import type { Duplex, Writable } from "node:stream";

/**
 * Writes `chunk` and resolves when there is room for more, so that a caller who awaits it never makes the stream hold
 * more than its limit. Rejects if the stream is or gets closed.
 */
export function writeAll(stream: Writable, chunk: Uint8Array): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return Promise.reject(closed());
  if (stream.write(chunk)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const end = (error?: Error) => {
      stream.off("drain", onDrain);
      stream.off("close", onClose);
      stream.off("error", end);
      if (error) reject(error);
      else resolve();
    };
    const onDrain = () => end();
    const onClose = () => end(closed());
    stream.once("drain", onDrain);
    stream.once("close", onClose);
    stream.once("error", end);
  });
}

/** Joins two duplexes: what comes from one goes to the other, ends included; when one breaks, so does the other. */
export function join(a: Duplex, b: Duplex): void {
  a.pipe(b);
  b.pipe(a);
  for (const [one, other] of [[a, b], [b, a]] as const) {
    one.on("error", () => other.destroy());
    // A close after both ends is how a connection ends; before, it is how it breaks.
    one.once("close", () => {
      if (!one.readableEnded || !one.writableFinished) other.destroy();
    });
  }
}

function closed(): Error {
  return new Error("Cannot write: the stream is closed");
}
