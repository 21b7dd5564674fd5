import assert from "node:assert/strict";
import { canonicalIp, containsNetwork, isCidr, isIp, parseCidr, parseIp } from "./addresses.ts";

const ips: readonly [string, readonly string[]][] = [
  ["10.9.8.7", []],
  ["2001:db8::ffff", []],
  ["x", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]],
  ["1.2.3", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]],
  ["256.1.1.1", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]],
  ["fe80::1%eth0", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]],
  ["192.0.2.078", ["must not have leading 0s"]],
  ["::ffff:1.2.3.4", ["must not be an IPv4-mapped IPv6 address"]],
];
for (const [text, want] of ips) {
  Deno.test(`isIp() judges ${text}`, () => assert.deepEqual(isIp(text), want));
}

const cidrs: readonly [string, readonly string[]][] = [
  ["10.9.8.0/24", []],
  ["0.0.0.0/0", []],
  ["2001:db8::/64", []],
  ["1.2.3.4", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]],
  ["1.2.3.4/33", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]],
  ["010.0.0.0/8", ["must not have leading 0s in IP or prefix length"]],
  ["10.0.0.0/08", ["must not have leading 0s in IP or prefix length"]],
  ["192.0.2.5/24", ["must not have bits set beyond the prefix length"]],
];
for (const [text, want] of cidrs) {
  Deno.test(`isCidr() judges ${text}`, () => assert.deepEqual(isCidr(text), want));
}

Deno.test("parseIp() reads leading zeros as decimal", () => {
  assert.deepEqual(parseIp("010.1.2.3")?.bytes, [10, 1, 2, 3]);
});

Deno.test("canonicalIp() writes one form", () => {
  assert.equal(canonicalIp("2001:DB8:0:0::1"), "2001:db8::1");
  assert.equal(canonicalIp("010.1.2.3"), "10.1.2.3");
  assert.equal(canonicalIp("x"), undefined);
});

Deno.test("containsNetwork() compares only the prefix", () => {
  const contains = (a: string, b: string) => containsNetwork(parseCidr(a)!, parseCidr(b)!);
  assert.equal(contains("1.2.3.0/24", "1.2.3.128/25"), true);
  assert.equal(contains("1.2.2.0/23", "1.2.3.0/24"), true);
  assert.equal(contains("1.2.3.0/24", "1.2.4.0/25"), false);
  assert.equal(contains("1.2.3.0/25", "1.2.3.0/24"), false);
  assert.equal(contains("0.0.0.0/0", "::/0"), false);
});
