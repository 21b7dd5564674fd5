import { DynamicTable, type Header, sizeOf, staticTable } from "./header_table.ts";
import { decodeHuffman } from "./huffman.ts";
import { latin1 } from "./bytes.ts";
import { ConnectionError, errorCodes } from "./protocol.ts";

/** A header block, decoded. */
export interface HeaderBlock {
  readonly headers: readonly Header[];
  /** The list was larger than allowed: what is here is only its beginning. */
  readonly tooLarge: boolean;
}

/**
 * Decodes the header blocks of one connection, in the order in which they came (RFC 7541). It holds the connection's
 * table, so a block must also be decoded if nobody wants to know what is in it.
 */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #maxTable: number;
  readonly #maxList: number;
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;

  /**
   * `maxTable`: what we told the peer of our table's size. `maxList`: headers beyond this size together are dropped;
   * a small block can stand for a large list.
   */
  constructor({ maxTable, maxList }: { readonly maxTable: number; readonly maxList: number }) {
    this.#table = new DynamicTable(maxTable);
    this.#maxTable = maxTable;
    this.#maxList = maxList;
  }

  /** Throws ConnectionError: after a block that cannot be decoded, no later one can. */
  decode(block: Uint8Array): HeaderBlock {
    this.#bytes = block;
    this.#at = 0;
    const headers: Header[] = [];
    let size = 0;
    while (this.#at < block.length) {
      const header = this.#next(headers.length > 0 || size > 0);
      if (!header) continue;
      size += sizeOf(header);
      if (size <= this.#maxList) headers.push(header);
    }
    return { headers, tooLarge: size > this.#maxList };
  }

  /** The next header; undefined for a change of the table's size, which only the beginning of a block may bring. */
  #next(begun: boolean): Header | undefined {
    const first = this.#bytes[this.#at]!;
    if (first & 0x80) return this.#indexed(this.#integer(7));
    if (first & 0x40) {
      const header = this.#literal(6);
      this.#table.add(header);
      return header;
    }
    if (!(first & 0x20)) return this.#literal(4);
    const limit = this.#integer(5);
    if (begun || limit > this.#maxTable) throw broken("a table's size changes where it must not");
    this.#table.resize(limit);
    return undefined;
  }

  #literal(bits: number): Header {
    const index = this.#integer(bits);
    const name = index === 0 ? this.#string() : this.#indexed(index)[0];
    return [name, this.#string()];
  }

  #indexed(index: number): Header {
    const header = index <= staticTable.length
      ? staticTable[index - 1]
      : this.#table.get(index - staticTable.length - 1);
    if (!header) throw broken(`no header has the index ${index}`);
    return header;
  }

  #string(): string {
    const coded = (this.#bytes[this.#at] ?? 0) & 0x80;
    const length = this.#integer(7);
    const from = this.#at;
    const end = from + length;
    if (end > this.#bytes.length) throw broken("a string ends after its block");
    this.#at = end;
    return coded ? decodeHuffman(this.#bytes, from, end) : latin1(this.#bytes, from, end);
  }

  /** RFC 7541, section 5.1, with a prefix of `bits` bits. */
  #integer(bits: number): number {
    const most = (1 << bits) - 1;
    let value = this.#byte() & most;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw broken("an integer is too large");
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw broken("a header block ends too early");
    return byte;
  }
}

function broken(message: string): ConnectionError {
  return new ConnectionError(errorCodes.compressionError, message);
}
