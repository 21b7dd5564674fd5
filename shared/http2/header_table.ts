/** A header: name in lower case, then value, one character a byte. */
export type Header = readonly [name: string, value: string];

/** The static table; its indexes begin at 1 (RFC 7541, appendix A). */
export const staticTable: readonly Header[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language", ""],
  ["accept-ranges", ""],
  ["accept", ""],
  ["access-control-allow-origin", ""],
  ["age", ""],
  ["allow", ""],
  ["authorization", ""],
  ["cache-control", ""],
  ["content-disposition", ""],
  ["content-encoding", ""],
  ["content-language", ""],
  ["content-length", ""],
  ["content-location", ""],
  ["content-range", ""],
  ["content-type", ""],
  ["cookie", ""],
  ["date", ""],
  ["etag", ""],
  ["expect", ""],
  ["expires", ""],
  ["from", ""],
  ["host", ""],
  ["if-match", ""],
  ["if-modified-since", ""],
  ["if-none-match", ""],
  ["if-range", ""],
  ["if-unmodified-since", ""],
  ["last-modified", ""],
  ["link", ""],
  ["location", ""],
  ["max-forwards", ""],
  ["proxy-authenticate", ""],
  ["proxy-authorization", ""],
  ["range", ""],
  ["referer", ""],
  ["refresh", ""],
  ["retry-after", ""],
  ["server", ""],
  ["set-cookie", ""],
  ["strict-transport-security", ""],
  ["transfer-encoding", ""],
  ["user-agent", ""],
  ["vary", ""],
  ["via", ""],
  ["www-authenticate", ""],
];

/** What an entry counts beyond its characters (RFC 7541, section 4.1). */
const entryOverhead = 32;

/** How much of a table or header list a header takes up. */
export function sizeOf([name, value]: Header): number {
  return name.length + value.length + entryOverhead;
}

/** The headers that both ends of a connection remember, newest first, dropped from the other end when it is full. */
export class DynamicTable {
  /** Oldest first from `#first` on, so that adding moves nothing. */
  #entries: Header[] = [];
  #first = 0;
  #size = 0;
  #limit: number;

  /** `limit`: the most that the entries may take up together. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#entries.length - this.#first;
  }

  /** Drops what no longer fits. */
  resize(limit: number): void {
    this.#limit = limit;
    this.#evict();
  }

  /** A header larger than the table empties it, as the specification says. */
  add(header: Header): void {
    this.#entries.push(header);
    this.#size += sizeOf(header);
    this.#evict();
  }

  /** `index` 0 is the newest; undefined beyond the oldest. */
  get(index: number): Header | undefined {
    return index < this.length ? this.#entries[this.#entries.length - 1 - index] : undefined;
  }

  #evict(): void {
    while (this.#size > this.#limit) this.#size -= sizeOf(this.#entries[this.#first++]!);
    // Let go of the dropped ones now and then, not each time.
    if (this.#first > 64 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}
