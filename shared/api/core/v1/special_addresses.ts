import { containsNetwork, type Network, parseCidr, parseIp } from "../../../meta/addresses.ts";
import { type FieldError, invalid } from "../../../meta/field_error.ts";

const ranges: readonly (readonly [networks: readonly string[], detail: string])[] = [
  [["127.0.0.0/8", "::1/128"], "may not be in the loopback range (127.0.0.0/8, ::1/128)"],
  [
    ["169.254.0.0/16", "fe80::/10"],
    "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
  ],
  [
    ["224.0.0.0/24", "ff02::/16"],
    "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
  ],
];
const special: readonly (readonly [readonly Network[], string])[] = ranges.map((
  [networks, detail],
) => [networks.map((text) => parseCidr(text)!), detail]);

/** An address that traffic can be sent to: none that means no host, this one, or all on the link. */
export function validateNonSpecialIp(text: string, path: string): readonly FieldError[] {
  const ip = parseIp(text);
  if (!ip) return [invalid(path, text, "must be a valid IP address")];
  if (ip.bytes.every((byte) => byte === 0)) {
    return [invalid(path, text, `may not be unspecified (${text})`)];
  }
  return special.filter(([networks]) => networks.some((network) => containsNetwork(network, ip)))
    .map(([, detail]) => invalid(path, text, detail));
}
