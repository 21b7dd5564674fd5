import { latin1 } from "./bytes.ts";
import { ConnectionError, errorCodes } from "./protocol.ts";

/**
 * How long each byte's code is, in bits; the last is that of the end-of-string symbol (RFC 7541, appendix B). The code
 * is canonical: shorter codes come first, and among equals the lower byte, so the lengths say everything.
 */
// deno-fmt-ignore
const codeLengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const endOfString = 256;
const longestCode = 30;
/** Codes up to this length are found by one look-up. */
const shortBits = 9;

/** Symbols in the order of their codes, and for each length the first code and where its symbol stands. */
const order = codeLengths.map((_, symbol) => symbol)
  .sort((a, b) => codeLengths[a]! - codeLengths[b]! || a - b);
const firstCode = new Uint32Array(longestCode + 2);
const firstPlace = new Uint16Array(longestCode + 2);
const countOf = new Uint16Array(longestCode + 2);
/** By the next `shortBits` bits: symbol * 16 + length, or 0 for a longer code. */
const short = new Uint16Array(1 << shortBits);

let code = 0;
for (let place = 0, length = 0; place < order.length; place++, code++) {
  const symbol = order[place]!;
  while (length < codeLengths[symbol]!) {
    code *= 2;
    length++;
    firstCode[length] = code;
    firstPlace[length] = place;
  }
  countOf[length]!++;
  if (length > shortBits) continue;
  const from = code << (shortBits - length);
  short.fill(symbol * 16 + length, from, from + (1 << (shortBits - length)));
}

/**
 * The text of a Huffman-coded string literal, one character a byte (RFC 7541, section 5.2). `bytes` is the literal
 * from `at` to `end`. Throws ConnectionError for a code or padding that no encoder makes.
 */
export function decodeHuffman(bytes: Uint8Array, at: number, end: number): string {
  let text = "";
  let length = 0;
  let bits = 0;
  let have = 0;
  const add = (symbol: number) => {
    if (length === scratch.length) {
      text += latin1(scratch, 0, length);
      length = 0;
    }
    scratch[length++] = symbol;
  };
  while (true) {
    while (have <= 22 && at < end) {
      bits = (bits << 8 | bytes[at++]!) >>> 0;
      have += 8;
    }
    if (have === 0) break;
    const next = have >= shortBits
      ? bits >>> (have - shortBits) & 0x1ff
      : bits << (shortBits - have) & 0x1ff;
    const found = short[next]!;
    const codeLength = found & 15;
    if (codeLength > 0 && codeLength <= have) {
      add(found >>> 4);
      have -= codeLength;
    } else if (at >= end && isPadding(bits, have)) {
      break;
    } else {
      const long = decodeLong({ bits, have, at }, bytes, end);
      add(long.symbol);
      at = long.at;
      bits = long.bits;
      have = long.have;
    }
    // What was used up must not come back when more is shifted in.
    bits &= (1 << have) - 1;
  }
  return text + latin1(scratch, 0, length);
}

/** Holds what one call has decoded and not yet turned into text. */
const scratch = new Uint8Array(4096);

/** Less than a byte, all ones: the start of the end-of-string symbol. */
function isPadding(bits: number, have: number): boolean {
  return have < 8 && (bits & (1 << have) - 1) === (1 << have) - 1;
}

interface Position {
  /** The last `have` bits of it are still to be decoded. */
  readonly bits: number;
  readonly have: number;
  readonly at: number;
}

/** One code bit by bit: for those too long for the table, which text rarely has. */
function decodeLong(
  from: Position,
  bytes: Uint8Array,
  end: number,
): Position & { readonly symbol: number } {
  let { bits, have, at } = from;
  let value = 0;
  for (let length = 1; length <= longestCode; length++) {
    if (have === 0) {
      if (at >= end) break;
      bits = bytes[at++]!;
      have = 8;
    }
    have--;
    value = value * 2 + (bits >>> have & 1);
    const offset = value - firstCode[length]!;
    if (offset < 0 || offset >= countOf[length]!) continue;
    const symbol = order[firstPlace[length]! + offset]!;
    if (symbol === endOfString) break;
    return { symbol, at, bits, have };
  }
  throw new ConnectionError(errorCodes.compressionError, "a string is no Huffman code");
}
