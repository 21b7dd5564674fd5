import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import dictionary from "./data/header_dictionary.json" with { type: "json" };
import { SpdyError } from "./frames.ts";

/** Names in lower case. */
export type Headers = ReadonlyMap<string, string>;

const { Z_SYNC_FLUSH } = zlib.constants;
/** All headers of one frame, inflated. */
const maxBlockBytes = 64 * 1024;

/** What both ends feed their compressors with first: length-prefixed words, then a plain text (SPDY/3, 2.6.10.1). */
export function headerDictionary(): Buffer {
  const words = dictionary.words.flatMap((word) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(word.length);
    return [length, Buffer.from(word, "latin1")];
  });
  return Buffer.concat([...words, Buffer.from(dictionary.rest, "latin1")]);
}

/**
 * Headers of one connection, one direction each. The compressor's state runs through all blocks of a connection, so
 * every block must be given, in order, and a call must end before the next begins.
 */
export class HeaderInflater {
  readonly #inflate = zlib.createInflate({ dictionary: headerDictionary(), flush: Z_SYNC_FLUSH });

  /** Throws SpdyError for what is no header block, or one that is too large. */
  async decode(block: Uint8Array): Promise<Headers> {
    return parseHeaders(await run(this.#inflate, block));
  }

  close(): void {
    this.#inflate.close();
  }
}

export class HeaderDeflater {
  readonly #deflate = zlib.createDeflate({ dictionary: headerDictionary(), flush: Z_SYNC_FLUSH });

  async encode(headers: Headers): Promise<Uint8Array> {
    const parts = [uint32(headers.size)];
    for (const [name, value] of headers) {
      for (const text of [name.toLowerCase(), value]) {
        const bytes = Buffer.from(text);
        parts.push(uint32(bytes.length), bytes);
      }
    }
    return await run(this.#deflate, Buffer.concat(parts));
  }

  close(): void {
    this.#deflate.close();
  }
}

function run(stream: zlib.Inflate | zlib.Deflate, input: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const end = (error?: Error) => {
      stream.off("data", onData);
      stream.off("error", onError);
      if (error) reject(error);
      else resolve(Buffer.concat(parts));
    };
    const onData = (part: Buffer) => {
      length += part.length;
      if (length > maxBlockBytes) end(new SpdyError("header block too large"));
      else parts.push(part);
    };
    const onError = (cause: Error) => end(new SpdyError("broken header block", { cause }));
    stream.on("data", onData);
    stream.once("error", onError);
    stream.write(input, () => stream.flush(Z_SYNC_FLUSH, () => end()));
  });
}

function parseHeaders(block: Buffer): Headers {
  const headers = new Map<string, string>();
  let at = 0;
  const next = () => {
    if (at + 4 > block.length) throw new SpdyError("header block cut short");
    const value = block.readUInt32BE(at);
    at += 4;
    return value;
  };
  const text = () => {
    const length = next();
    if (at + length > block.length) throw new SpdyError("header block cut short");
    at += length;
    return block.toString("utf8", at - length, at);
  };
  for (let left = next(); left > 0; left--) headers.set(text().toLowerCase(), text());
  return headers;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
