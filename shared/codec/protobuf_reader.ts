import { DecodeError } from "../schema/decode_error.ts";
import { wire } from "./protobuf_writer.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** Only types that contain themselves can nest this deep. */
const maxDepth = 200;

/** Reads one protobuf message. Throws DecodeError with the texts of the reference's generated code. */
export class ProtobufReader {
  #at = 0;
  #view: DataView | undefined;
  constructor(readonly bytes: Uint8Array, readonly depth = 0) {
    if (depth > maxDepth) throw new DecodeError("proto: exceeded max depth");
  }

  get done(): boolean {
    return this.#at >= this.bytes.length;
  }

  /** An unsigned varint; exact up to 2^53. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new DecodeError("proto: integer overflow");
  }

  /** A signed 64-bit varint, also where the message says int32. */
  int64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new DecodeError("proto: integer overflow");
  }

  /** As `int64`, for what fits a number. */
  int(): number {
    const first = this.bytes[this.#at];
    if (first !== undefined && first < 0x80) {
      this.#at++;
      return first;
    }
    return Number(this.int64());
  }

  double(): number {
    if (this.#at + 8 > this.bytes.length) throw unexpectedEnd();
    const { buffer, byteOffset, byteLength } = this.bytes;
    this.#view ??= new DataView(buffer, byteOffset, byteLength);
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  /** The bytes of a length-delimited field; a view, not a copy. */
  block(): Uint8Array {
    const length = this.varint();
    const end = this.#at + length;
    if (end > this.bytes.length) throw unexpectedEnd();
    const out = this.bytes.subarray(this.#at, end);
    this.#at = end;
    return out;
  }

  text(): string {
    return decoder.decode(this.block());
  }

  message(): ProtobufReader {
    return new ProtobufReader(this.block(), this.depth + 1);
  }

  /** Steps over a field that the schema does not have. */
  skip(wireType: number): void {
    switch (wireType) {
      case wire.varint:
        this.varint();
        return;
      case wire.fixed64:
        return this.#advance(8);
      case wire.bytes:
        this.block();
        return;
      case wire.fixed32:
        return this.#advance(4);
      default:
        throw new DecodeError(`proto: illegal wireType ${wireType}`);
    }
  }

  #advance(count: number): void {
    this.#at += count;
    if (this.#at > this.bytes.length) throw unexpectedEnd();
  }

  #byte(): number {
    const byte = this.bytes[this.#at++];
    if (byte === undefined) throw unexpectedEnd();
    return byte;
  }
}

function unexpectedEnd(): DecodeError {
  return new DecodeError("unexpected EOF");
}
