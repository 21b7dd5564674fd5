/** How a field's value is laid out on the wire. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const encoder = new TextEncoder();
const initialSize = 4096;

/**
 * Writes protobuf from the end to the start, so that the length of a message is known when it is to be written: first the
 * content, then the length, then the tag. Fields and list items are written last to first.
 */
export class ProtobufWriter {
  #buffer = new Uint8Array(initialSize);
  #start = initialSize;

  /** Bytes written so far; the difference of two marks is the length of what is between them. */
  get mark(): number {
    return this.#buffer.length - this.#start;
  }

  /** What was written. The writer must not be used after this. */
  finish(): Uint8Array {
    return this.#buffer.subarray(this.#start);
  }

  tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  /** Ends what began (in writing order) at `mark`: puts its length and its tag before it. */
  endMessage(field: number, mark: number): void {
    this.varint(this.mark - mark);
    this.tag(field, wire.bytes);
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    if (value < 0x80) {
      this.#reserve(1);
      this.#buffer[--this.#start] = value;
      return;
    }
    const bytes: number[] = [];
    let rest = value;
    while (rest >= 0x80) {
      bytes.push((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    bytes.push(rest);
    this.bytes(bytes);
  }

  /** Any int64; negative ones take ten bytes. */
  int64(value: number | bigint): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return this.varint(Number(value));
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.bytes(bytes);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#start -= 8;
    new DataView(this.#buffer.buffer).setFloat64(this.#start, value, true);
  }

  bytes(value: ArrayLike<number>): void {
    this.#reserve(value.length);
    this.#start -= value.length;
    this.#buffer.set(value, this.#start);
  }

  /** The text in UTF-8, without its length. */
  text(value: string): void {
    const { length } = value;
    this.#reserve(length);
    const start = this.#start - length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return this.bytes(encoder.encode(value));
      this.#buffer[start + i] = code;
    }
    this.#start = start;
  }

  #reserve(count: number): void {
    if (count <= this.#start) return;
    const used = this.mark;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, used + count + initialSize));
    larger.set(this.finish(), larger.length - used);
    this.#start = larger.length - used;
    this.#buffer = larger;
  }
}
