/** SQLite's write-ahead log, as far as it tells what is missing from it. Source: https://www.sqlite.org/fileformat2.html#walformat */

const HEADER = 32;
const FRAME_HEADER = 24;
const BIG_ENDIAN = 0x377f0683;
const LITTLE_ENDIAN = 0x377f0682;

/** What is wrong with a write-ahead log; undefined if nothing is, apart from what a crash may leave. */
export type WalFault =
  /** Its beginning is not one, although there is something behind it. */
  | "header"
  /** A transaction in it is damaged, and another one follows: so it was complete once. */
  | "transaction";

/**
 * Tells damage in a write-ahead log from what a power cut leaves. SQLite reads it up to the first frame whose checksum
 * does not fit, and takes that for the end: right after a power cut, which can hurt the last transaction alone, because
 * each is synced before the next one begins; wrong after damage, which then silently makes the store older.
 *
 * Damage in the last transaction looks like a power cut before it was acknowledged: see `StoreMark` for that.
 */
export function walFault(wal: Uint8Array): WalFault | undefined {
  const frames = new WalFrames(wal);
  const { count } = frames;
  if (count === 0) return undefined;
  if (!frames.headed) return frames.someFollowsItsPredecessor() ? "header" : undefined;
  let at = 0;
  while (at < count && frames.fits(at)) at++;
  // From here on SQLite reads nothing. What belongs to this generation of the log was written by it all the same.
  let committed = false;
  for (; at < count; at++) {
    if (!frames.isOfGeneration(at)) continue;
    if (committed) return "transaction";
    committed = frames.isCommit(at);
  }
  return undefined;
}

class WalFrames {
  readonly #view: DataView;
  readonly #size: number;
  readonly #littleEndian: boolean;
  /** Whole frames behind the header, of this generation of the log or of older ones. */
  readonly count: number;
  /** The header is what SQLite wrote. */
  readonly headed: boolean;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const magic = bytes.length < HEADER ? 0 : this.#view.getUint32(0);
    this.#littleEndian = magic !== BIG_ENDIAN;
    const size = bytes.length < HEADER ? 0 : this.#view.getUint32(8);
    const possible = size >= 512 && size <= 65_536 && (size & size - 1) === 0;
    // Deno KV leaves SQLite's default.
    this.#size = possible ? size : 4096;
    this.count = Math.max(0, Math.floor((bytes.length - HEADER) / (FRAME_HEADER + this.#size)));
    this.headed = (magic === BIG_ENDIAN || magic === LITTLE_ENDIAN) && possible &&
      this.#equals(24, this.#checksum([[0, 24]], [0, 0]));
  }

  /** Whether the frame is what SQLite wrote behind its predecessor. */
  fits(frame: number): boolean {
    return this.isOfGeneration(frame) && this.#followsItsPredecessor(frame);
  }

  /** Whether it says to be of the generation of the log that the header began. */
  isOfGeneration(frame: number): boolean {
    const at = this.#at(frame);
    return this.#view.getUint32(at + 8) === this.#view.getUint32(16) &&
      this.#view.getUint32(at + 12) === this.#view.getUint32(20);
  }

  /** Whether it says to end a transaction. */
  isCommit(frame: number): boolean {
    return this.#view.getUint32(this.#at(frame) + 4) !== 0;
  }

  /** Whether any frame but the first was written behind the one before it. */
  someFollowsItsPredecessor(): boolean {
    for (let frame = 1; frame < this.count; frame++) {
      if (this.#followsItsPredecessor(frame)) return true;
    }
    return false;
  }

  #followsItsPredecessor(frame: number): boolean {
    const at = this.#at(frame);
    const before = frame === 0 ? 24 : this.#at(frame - 1) + 16;
    const seed: Sum = [this.#view.getUint32(before), this.#view.getUint32(before + 4)];
    const page = at + FRAME_HEADER;
    return this.#equals(at + 16, this.#checksum([[at, at + 8], [page, page + this.#size]], seed));
  }

  #at(frame: number): number {
    return HEADER + frame * (FRAME_HEADER + this.#size);
  }

  #equals(at: number, [a, b]: Sum): boolean {
    return this.#view.getUint32(at) === a && this.#view.getUint32(at + 4) === b;
  }

  #checksum(ranges: readonly (readonly [number, number])[], [a, b]: Sum): Sum {
    const view = this.#view;
    for (const [from, to] of ranges) {
      for (let at = from; at < to; at += 8) {
        a = a + view.getUint32(at, this.#littleEndian) + b >>> 0;
        b = b + view.getUint32(at + 4, this.#littleEndian) + a >>> 0;
      }
    }
    return [a, b];
  }
}

type Sum = readonly [number, number];
