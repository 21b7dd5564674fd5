import type { Readable } from "node:stream";

/**
 * The bytes of a stream, read no faster than they are taken. Unlike plain iteration it leaves a duplex open for
 * writing when its reading side has ended. Throws if the stream breaks before its end.
 */
export function readChunks(stream: Readable): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => stream.iterator({ destroyOnReturn: false }) };
}
