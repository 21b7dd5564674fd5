import type { Random } from "../../../shared/clock/random.ts";

/** An IPv4 network as numbers. */
export interface Ipv4Range {
  /** First and last address that may be handed out. */
  readonly first: number;
  readonly last: number;
  /** As written, e.g. `10.96.0.0/12`. */
  readonly cidr: string;
}

/** Reads `a.b.c.d/n`. Throws TypeError for anything else and for networks without room. */
export function parseIpv4Range(cidr: string): Ipv4Range {
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(cidr);
  const base = match && ipv4ToNumber(match[1]!);
  const bits = Number(match?.[2]);
  if (base === undefined || base === null || !(bits >= 8 && bits <= 29)) {
    throw new TypeError(`Cannot use network "${cidr}": it must be an IPv4 CIDR of /8 to /29`);
  }
  const size = 2 ** (32 - bits);
  const network = Math.floor(base / size) * size;
  return { first: network + 1, last: network + size - 2, cidr: `${ipv4ToText(network)}/${bits}` };
}

export function ipv4ToNumber(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function ipv4ToText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/**
 * Numbers of a range, each handed out to one holder at a time: service addresses, node ports. Numbers nobody asked
 * for by name come from above `reservedBelow`, so that the lower band is free for those who do (KEP-3070).
 */
export class NumberPool {
  readonly #used = new Set<number>();
  readonly #first: number;
  readonly #last: number;
  readonly #random: Random;

  constructor(first: number, last: number, random: Random) {
    this.#first = first;
    this.#last = last;
    this.#random = random;
  }

  contains(value: number): boolean {
    return value >= this.#first && value <= this.#last;
  }

  /** False if it is taken (or out of range). */
  take(value: number): boolean {
    if (!this.contains(value) || this.#used.has(value)) return false;
    this.#used.add(value);
    return true;
  }

  /** Any free number; undefined if there is none. */
  takeAny(): number | undefined {
    const size = this.#last - this.#first + 1;
    const band = Math.min(Math.max(16, Math.floor(size / 16)), 256);
    return this.#search(this.#first + Math.min(band, size - 1), this.#last) ??
      this.#search(this.#first, this.#last);
  }

  release(value: number): void {
    this.#used.delete(value);
  }

  #search(first: number, last: number): number | undefined {
    const size = last - first + 1;
    const start = Math.floor(this.#random.float() * size);
    for (let i = 0; i < size; i++) {
      const value = first + (start + i) % size;
      if (this.take(value)) return value;
    }
    return undefined;
  }
}
