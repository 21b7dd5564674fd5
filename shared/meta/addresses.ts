import ipaddr from "ipaddr.js";
import { type FieldError, invalid } from "./field_error.ts";

/** An IP address or, with `length` shorter than the address, a network. */
export interface Network {
  readonly family: "IPv4" | "IPv6";
  /** 4 or 16 bytes. */
  readonly bytes: readonly number[];
  /** Prefix length in bits. */
  readonly length: number;
}

const ipv4Pattern = /^\d{1,}\.\d{1,}\.\d{1,}\.\d{1,}$/;

/**
 * Reads an address the way old clients write it: leading zeros in IPv4 are ignored. Undefined if it is none. What is
 * stored anew is checked by `validateIp`.
 */
export function parseIp(text: string): Network | undefined {
  if (ipv4Pattern.test(text)) {
    const bytes = text.split(".").map(Number);
    return bytes.every((byte) => byte <= 255) ? { family: "IPv4", bytes, length: 32 } : undefined;
  }
  // A zone (`%eth0`) belongs to a host and has no meaning in the API.
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  return { family: "IPv6", bytes: ipaddr.IPv6.parse(text).toByteArray(), length: 128 };
}

/**
 * Reads a network, e.g. `10.0.0.0/8`; bits beyond the prefix are kept. Undefined if it is none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(parseCidr("10.0.0.0/8")?.length, 8);
 * assert.equal(parseCidr("10.0.0.0/33"), undefined);
 * ```
 */
export function parseCidr(text: string): Network | undefined {
  const slash = text.indexOf("/");
  const address = slash < 0 ? undefined : parseIp(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (!address || !/^\d+$/.test(digits)) return undefined;
  const length = Number(digits);
  return length <= address.length ? { ...address, length } : undefined;
}

/** RFC 5952 text of an address; undefined if it is none. */
export function canonicalIp(text: string): string | undefined {
  const address = parseIp(text);
  if (!address) return undefined;
  if (address.family === "IPv4") return address.bytes.join(".");
  const mapped = mappedIpv4(address);
  return mapped ? `::ffff:${mapped.join(".")}` : ipaddr.IPv6.parse(text).toRFC5952String();
}

/** Whether all addresses of `inner` belong to `outer`. */
export function containsNetwork(outer: Network, inner: Network): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  for (let bit = 0; bit < outer.length; bit += 8) {
    const mask = maskOf(outer.length - bit);
    if ((outer.bytes[bit / 8]! & mask) !== (inner.bytes[bit / 8]! & mask)) return false;
  }
  return true;
}

/** The messages for what should be an address, in a form that has one reading only. */
export function isIp(text: string): readonly string[] {
  const address = parseIp(text);
  if (!address) return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];
  if (hasLeadingZeros(text)) return ["must not have leading 0s"];
  return mappedIpv4(address) ? ["must not be an IPv4-mapped IPv6 address"] : [];
}

/** The messages for what should be a network, in a form that has one reading only. */
export function isCidr(text: string): readonly string[] {
  const network = parseCidr(text);
  if (!network) return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"];
  if (hasLeadingZeros(text.slice(0, text.indexOf("/"))) || /\/0\d/.test(text)) {
    return ["must not have leading 0s in IP or prefix length"];
  }
  if (mappedIpv4(network)) return ["must not have an IPv4-mapped IPv6 address"];
  const isMasked = network.bytes.every((byte, i) => (byte & ~maskOf(network.length - i * 8)) === 0);
  return isMasked ? [] : ["must not have bits set beyond the prefix length"];
}

/** `isIp` as field errors. */
export function validateIp(text: string, path: string): readonly FieldError[] {
  return isIp(text).map((message) => invalid(path, text, message));
}

/** `isCidr` as field errors. */
export function validateCidr(text: string, path: string): readonly FieldError[] {
  return isCidr(text).map((message) => invalid(path, text, message));
}

/** The network bits of one byte, of which `bits` (may be out of 0 to 8) belong to the prefix. */
function maskOf(bits: number): number {
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff;
}

function hasLeadingZeros(text: string): boolean {
  return ipv4Pattern.test(text) && /(^|\.)0\d/.test(text);
}

function mappedIpv4({ family, bytes }: Network): readonly number[] | undefined {
  if (family === "IPv4" || bytes[10] !== 0xff || bytes[11] !== 0xff) return undefined;
  return bytes.slice(0, 10).every((byte) => byte === 0) ? bytes.slice(12) : undefined;
}
