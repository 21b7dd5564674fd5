import { isIP } from "node:net";

/** IPv4 or IPv6. */
export type Family = 4 | 6;

/** 4 or 6; undefined if it is no address (`None`). */
export function familyOf(address: string): Family | undefined {
  const version = isIP(address);
  return version === 4 || version === 6 ? version : undefined;
}
