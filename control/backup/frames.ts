import { randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { BackupError } from "./backup_error.ts";
import { decodeHead, encodeHead, type Head } from "./head.ts";
import { checksumSeal, cipherSeal, keyOf, newKey, type Seal, SEAL_BYTES } from "./seal.ts";

/*
 * A frame is a length (four bytes, big-endian; the highest bit says that it is the last), a deflated piece of the
 * content (RFC 1951), and a seal. No reader needs more memory than a frame takes.
 */

/** Bytes of content in a frame. */
const FRAME_BYTES = 65_536;
/** What does not compress grows a little. */
const MAX_SEALED = FRAME_BYTES + 1024 + SEAL_BYTES;
const LENGTH = 4;
const LAST = 0x8000_0000;

export interface FrameOptions {
  /** Wall-clock milliseconds. */
  readonly created: number;
  /** Enciphers the file. */
  readonly passphrase?: string | undefined;
}

/** A backup file with this content, bit by bit. */
export async function* writeFrames(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { created, passphrase }: FrameOptions,
): AsyncGenerator<Uint8Array> {
  const made = passphrase === undefined ? undefined : await newKey(passphrase);
  const id = randomBytes(16).toString("base64");
  const { bytes, digest } = encodeHead({ id, created, encryption: made?.encryption });
  yield bytes;
  const seal = made ? cipherSeal(digest, made.key) : checksumSeal(digest);
  const buffer = new Uint8Array(FRAME_BYTES);
  let filled = 0;
  let index = 0;
  for await (const chunk of content) {
    for (let at = 0; at < chunk.length;) {
      // Only a full buffer with something to follow is surely not the last frame.
      if (filled === FRAME_BYTES) {
        yield frame(seal, buffer, { index: index++, last: false });
        filled = 0;
      }
      const part = chunk.subarray(at, at + FRAME_BYTES - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
    }
  }
  yield frame(seal, buffer.subarray(0, filled), { index, last: true });
}

function frame(seal: Seal, content: Uint8Array, place: { index: number; last: boolean }) {
  const sealed = seal.close(deflateRawSync(content), place);
  const bytes = new Uint8Array(LENGTH + sealed.length);
  new DataView(bytes.buffer).setUint32(0, sealed.length + (place.last ? LAST : 0));
  bytes.set(sealed, LENGTH);
  return bytes;
}

/** A backup file that is being read. */
export interface OpenedFrames {
  readonly head: Head;
  /** Checked piece by piece; throws `BackupError` where the file is not what was written. Read once. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Reads the head of a backup file. Throws `BackupError`. */
export async function openFrames(
  file: AsyncIterable<Uint8Array>,
  passphrase: string | undefined,
): Promise<OpenedFrames> {
  const input = new Input(file);
  const { head, digest, length } = await readHead(input);
  input.skip(length);
  if (head.encryption && passphrase === undefined) {
    throw new BackupError(
      "Passphrase",
      "it is encrypted: --passphrase-file must name its passphrase",
    );
  }
  if (!head.encryption && passphrase !== undefined) {
    throw new BackupError(
      "Passphrase",
      "it is not encrypted, although there is a passphrase for it",
    );
  }
  const seal = head.encryption
    ? cipherSeal(digest, await keyOf(passphrase!, head.encryption))
    : checksumSeal(digest);
  return { head, content: contentOf(input, seal) };
}

async function readHead(input: Input) {
  for (;;) {
    const found = decodeHead(input.bytes);
    if (found) return found;
    if (!await input.more()) throw cutOff();
  }
}

async function* contentOf(input: Input, seal: Seal): AsyncGenerator<Uint8Array> {
  for (let index = 0;; index++) {
    const word = await input.take(LENGTH);
    const marked = new DataView(word.buffer, word.byteOffset).getUint32(0);
    const last = marked >= LAST;
    const length = last ? marked - LAST : marked;
    if (length < SEAL_BYTES || length > MAX_SEALED) throw damaged(index);
    const body = seal.open(await input.take(length), { index, last });
    if (!body) throw damaged(index);
    yield inflated(body, index);
    if (!last) continue;
    if (input.bytes.length > 0 || await input.more()) {
      throw new BackupError("Damaged", "it is damaged: something follows its end");
    }
    return;
  }
}

function inflated(body: Uint8Array, index: number): Uint8Array {
  try {
    return inflateRawSync(body, { maxOutputLength: FRAME_BYTES });
  } catch (cause) {
    throw damaged(index, cause);
  }
}

function damaged(index: number, cause?: unknown): BackupError {
  return new BackupError("Damaged", `it is damaged: part ${index + 1} is not as it was written`, {
    cause,
  });
}

function cutOff(): BackupError {
  return new BackupError("Truncated", "it is cut off: its end is missing");
}

/** Bytes of a file in pieces of the size that the reader wants. */
class Input {
  readonly #iterator: AsyncIterator<Uint8Array>;
  /** Read and not taken. */
  bytes = new Uint8Array(0);

  constructor(file: AsyncIterable<Uint8Array>) {
    this.#iterator = file[Symbol.asyncIterator]();
  }

  /** Reads on; false at the end of the file. */
  async more(): Promise<boolean> {
    for (;;) {
      const { value, done } = await this.#iterator.next();
      if (done) return false;
      if (value.length === 0) continue;
      const joined = new Uint8Array(this.bytes.length + value.length);
      joined.set(this.bytes);
      joined.set(value, this.bytes.length);
      this.bytes = joined;
      return true;
    }
  }

  skip(length: number): void {
    this.bytes = this.bytes.subarray(length);
  }

  /** Exactly so many bytes. Throws `BackupError` if the file ends before. */
  async take(length: number): Promise<Uint8Array> {
    while (this.bytes.length < length) {
      if (!await this.more()) throw cutOff();
    }
    const taken = this.bytes.subarray(0, length);
    this.skip(length);
    return taken;
  }
}
