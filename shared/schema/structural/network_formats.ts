import ipaddr from "ipaddr.js";

/** An IPv4 address, also one that is written as IPv6; zeros in front of numbers do not matter. */
export function isIpv4(text: string): boolean {
  if (!text.includes(".")) return false;
  return text.includes(":") ? isIpv6(text) : isDotted(text);
}

/** An IPv6 address without a zone. */
export function isIpv6(text: string): boolean {
  return text.includes(":") && !text.includes("%") && ipaddr.IPv6.isValid(text);
}

/** `address/bits` of either family. */
export function isCidr(text: string): boolean {
  const slash = text.indexOf("/");
  if (slash < 0) return false;
  const address = text.slice(0, slash);
  const bits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(bits)) return false;
  if (address.includes(":")) return isIpv6(address) && Number(bits) <= 128;
  return isDotted(address) && Number(bits) <= 32;
}

/** EUI-48, EUI-64 or a 20-octet address: octets between colons or dashes, or pairs of them between dots. */
export function isMac(text: string): boolean {
  const separator = text[2] === ":" || text[2] === "-" ? text[2] : ".";
  const parts = text.split(separator);
  const width = separator === "." ? 4 : 2;
  const octets = parts.length * width / 2;
  const isHex = new RegExp(`^[0-9a-fA-F]{${width}}$`);
  return [6, 8, 20].includes(octets) && parts.every((part) => isHex.test(part));
}

function isDotted(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d+$/.test(part) && Number(part) <= 255);
}
