import { concat } from "./bytes.ts";
import { type Header, staticTable } from "./header_table.ts";

/** Encoded headers that are kept: answers repeat themselves. */
const maxKept = 512;
/** Longer values are not worth keeping. */
const maxKeptLength = 128;

/** Where a name first stands in the static table, and where a whole header does. */
const nameIndexes = new Map<string, number>();
const headerIndexes = new Map<string, number>();
staticTable.forEach(([name, value], place) => {
  if (!nameIndexes.has(name)) nameIndexes.set(name, place + 1);
  headerIndexes.set(`${name}\0${value}`, place + 1);
});

/**
 * Encodes headers without a dynamic table: what a header becomes depends on nothing else, so the bytes of those that
 * come again and again are kept (RFC 7541 leaves an encoder that freedom).
 */
export class HpackEncoder {
  readonly #kept = new Map<string, Uint8Array>();

  /** A whole header block. Names are in lower case; values have one character a byte. */
  encode(headers: Iterable<Header>): Uint8Array {
    return concat(Array.from(headers, (header) => this.#encoded(header)));
  }

  #encoded([name, value]: Header): Uint8Array {
    const key = `${name}\0${value}`;
    const known = this.#kept.get(key);
    if (known) return known;
    const made = encodeHeader(name, value, headerIndexes.get(key));
    if (value.length <= maxKeptLength) {
      if (this.#kept.size >= maxKept) this.#kept.clear();
      this.#kept.set(key, made);
    }
    return made;
  }
}

function encodeHeader(name: string, value: string, index: number | undefined): Uint8Array {
  const out: number[] = [];
  if (index !== undefined) {
    integer(out, index, 7, 0x80);
    return new Uint8Array(out);
  }
  // Literal without indexing.
  const nameIndex = nameIndexes.get(name) ?? 0;
  integer(out, nameIndex, 4, 0);
  if (nameIndex === 0) string(out, name);
  string(out, value);
  return new Uint8Array(out);
}

function string(out: number[], text: string): void {
  integer(out, text.length, 7, 0);
  for (let i = 0; i < text.length; i++) out.push(text.charCodeAt(i) & 0xff);
}

/** RFC 7541, section 5.1: `value` below `pattern` in a prefix of `bits` bits. */
function integer(out: number[], value: number, bits: number, pattern: number): void {
  const most = (1 << bits) - 1;
  if (value < most) return void out.push(pattern | value);
  out.push(pattern | most);
  let rest = value - most;
  while (rest >= 0x80) {
    out.push(rest & 0x7f | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
}
