import {
  canonicalIp,
  containsNetwork,
  type Network,
  parseCidr,
  parseIp,
} from "../../meta/addresses.ts";
import { addressFault } from "./address_syntax.ts";
import { cidrType, ipType } from "../types/signature.ts";
import { CelError, type CelValue, noSuchOverload, OpaqueValue } from "../values/value.ts";
import { type Implementation, type Overload, overload } from "./function_table.ts";

/** An IP address. */
export class IpValue extends OpaqueValue {
  readonly type = ipType;
  override readonly size: number;

  constructor(readonly address: Network, readonly text: string) {
    super();
    this.size = address.bytes.length;
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof IpValue && this.text === other.text;
  }

  override asString(): string {
    return this.text;
  }
}

/** An IP network. */
export class CidrValue extends OpaqueValue {
  readonly type = cidrType;
  /** Of the prefix. */
  override readonly size: number;

  constructor(readonly network: Network) {
    super();
    this.size = Math.ceil(network.length / 8);
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof CidrValue && this.asString() === other.asString();
  }

  override asString(): string {
    return `${textOf(this.network)}/${this.network.length}`;
  }
}

function textOf({ family, bytes }: Network): string {
  if (family === "IPv4") return bytes.join(".");
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push((bytes[index]! * 256 + bytes[index + 1]!).toString(16));
  }
  return canonicalIp(groups.join(":"))!;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** An address in a form that has one reading only. */
function parseAddress(text: string): Network | CelError {
  const fault = addressFault(text);
  if (fault) {
    return new CelError(
      `IP Address ${quoted(text)} parse error during conversion from string: ${fault}`,
    );
  }
  if (text.includes("%")) {
    return new CelError(`IP address ${quoted(text)} with zone value is not allowed`);
  }
  const address = parseIp(text)!;
  if (!isMapped(address)) return address;
  return new CelError(`IPv4-mapped IPv6 address ${quoted(text)} is not allowed`);
}

function isMapped({ family, bytes }: Network): boolean {
  return family === "IPv6" && bytes.slice(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff && bytes[11] === 0xff;
}

function parseNetwork(text: string): Network | CelError {
  const failed = (why: string) =>
    new CelError(
      `network address parse error during conversion from string: netip.ParsePrefix(${
        quoted(text)
      }): ${why}`,
    );
  const slash = text.lastIndexOf("/");
  if (slash < 0) return failed("no '/'");
  const address = parseAddress(text.slice(0, slash));
  if (address instanceof CelError) {
    if (address.message.startsWith("IPv4-mapped")) {
      return new CelError(`IPv4-mapped IPv6 address ${quoted(text)} is not allowed`);
    }
    if (address.message.includes("with zone")) {
      return failed("IPv6 zones cannot be present in a prefix");
    }
    return failed(address.message.replace(/^.*conversion from string: /, ""));
  }
  const bits = text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]*)$/.test(bits)) return failed(`bad bits after slash: ${quoted(bits)}`);
  return parseCidr(text) ?? failed("prefix length out of range");
}

function toIp(text: CelValue): IpValue | CelError {
  const address = parseAddress(text as string);
  return address instanceof CelError ? address : new IpValue(address, canonicalIp(text as string)!);
}

function toCidr(text: CelValue): CidrValue | CelError {
  const network = parseNetwork(text as string);
  if (!(network instanceof CelError)) return new CidrValue(network);
  return new CelError(
    `network address parse error during conversion from string: ${network.message}`,
  );
}

function onIp(run: (address: Network) => boolean): Implementation {
  return (value) => run((value as IpValue).address);
}

function allZero(bytes: readonly number[]): boolean {
  return bytes.every((byte) => byte === 0);
}

function isLoopback({ family, bytes }: Network): boolean {
  if (family === "IPv4") return bytes[0] === 127;
  return allZero(bytes.slice(0, 15)) && bytes[15] === 1;
}

function isLinkLocalUnicast({ family, bytes }: Network): boolean {
  if (family === "IPv4") return bytes[0] === 169 && bytes[1] === 254;
  return bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
}

function isLinkLocalMulticast({ family, bytes }: Network): boolean {
  if (family === "IPv4") return bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0;
  return bytes[0] === 0xff && (bytes[1]! & 0x0f) === 0x02;
}

function isMulticast({ family, bytes }: Network): boolean {
  return family === "IPv4" ? (bytes[0]! & 0xf0) === 0xe0 : bytes[0] === 0xff;
}

function isGlobalUnicast(address: Network): boolean {
  const broadcast = address.family === "IPv4" && address.bytes.every((byte) => byte === 255);
  return !allZero(address.bytes) && !broadcast && !isLoopback(address) && !isMulticast(address) &&
    !isLinkLocalUnicast(address);
}

/** Source: "Kubernetes IP address library" in https://kubernetes.io/docs/reference/using-api/cel/. */
export const ipFunctions: Readonly<Record<string, readonly Overload[]>> = {
  ip: [overload("string_to_ip", "(string) -> IP", toIp)],
  family: [
    overload("ip_family", "IP.() -> int", (value) => {
      return (value as IpValue).address.family === "IPv4" ? 4n : 6n;
    }),
  ],
  "ip.isCanonical": [
    overload("ip_is_canonical", "(string) -> bool", (text) => {
      const address = toIp(text!);
      return address instanceof IpValue ? address.text === text : address;
    }),
  ],
  isUnspecified: [
    overload("ip_is_unspecified", "IP.() -> bool", onIp(({ bytes }) => allZero(bytes))),
  ],
  isLoopback: [overload("ip_is_loopback", "IP.() -> bool", onIp(isLoopback))],
  isLinkLocalMulticast: [
    overload("ip_is_link_local_multicast", "IP.() -> bool", onIp(isLinkLocalMulticast)),
  ],
  isLinkLocalUnicast: [
    overload("ip_is_link_local_unicast", "IP.() -> bool", onIp(isLinkLocalUnicast)),
  ],
  isGlobalUnicast: [overload("ip_is_global_unicast", "IP.() -> bool", onIp(isGlobalUnicast))],
  isIP: [overload("is_ip", "(string) -> bool", (text) => toIp(text!) instanceof IpValue)],
  string: [overload("ip_to_string", "(IP) -> string", (value) => (value as IpValue).text)],
};

function containsIp(cidr: CelValue, address: CelValue): CelValue {
  const inner = typeof address === "string" ? toIp(address) : address as IpValue;
  if (inner instanceof CelError) return noSuchOverload();
  return containsNetwork((cidr as CidrValue).network, inner.address);
}

function containsCidr(cidr: CelValue, other: CelValue): CelValue {
  const inner = typeof other === "string" ? toCidr(other) : other as CidrValue;
  if (inner instanceof CelError) return inner;
  return containsNetwork((cidr as CidrValue).network, inner.network);
}

function masked(cidr: CelValue): CelValue {
  const { network } = cidr as CidrValue;
  const bytes = network.bytes.map((byte, index) => {
    const bits = Math.min(Math.max(network.length - index * 8, 0), 8);
    return byte & (0xff << (8 - bits)) & 0xff;
  });
  return new CidrValue({ ...network, bytes });
}

/** Source: "Kubernetes CIDR library" in https://kubernetes.io/docs/reference/using-api/cel/. */
export const cidrFunctions: Readonly<Record<string, readonly Overload[]>> = {
  cidr: [overload("string_to_cidr", "(string) -> CIDR", toCidr)],
  containsIP: [
    overload("cidr_contains_ip_string", "CIDR.(string) -> bool", containsIp),
    overload("cidr_contains_ip_ip", "CIDR.(IP) -> bool", containsIp),
  ],
  containsCIDR: [
    overload("cidr_contains_cidr_string", "CIDR.(string) -> bool", containsCidr),
    overload("cidr_contains_cidr", "CIDR.(CIDR) -> bool", containsCidr),
  ],
  ip: [
    overload("cidr_ip", "CIDR.() -> IP", (cidr) => {
      const { network } = cidr as CidrValue;
      const address = { ...network, length: network.bytes.length * 8 };
      return new IpValue(address, textOf(address));
    }),
  ],
  prefixLength: [
    overload("cidr_prefix_length", "CIDR.() -> int", (cidr) => {
      return BigInt((cidr as CidrValue).network.length);
    }),
  ],
  masked: [overload("cidr_masked", "CIDR.() -> CIDR", masked)],
  isCIDR: [
    overload("is_cidr", "(string) -> bool", (text) => toCidr(text!) instanceof CidrValue),
  ],
  string: [
    overload("cidr_to_string", "(CIDR) -> string", (cidr) => (cidr as CidrValue).asString()),
  ],
};
