import { createHash } from "node:crypto";
import { type ForwardedPort, hostPort } from "../forwarding_state.ts";
import type { Target } from "../targets.ts";

/** The kinds of chains that belong to one port; an administrator knows them from kube-proxy. */
export type PortChain = "SVC" | "SVL" | "EXT" | "FW";

/** `KUBE-SVC-…` and its like. The names are those that kube-proxy gives to the same port. */
export function portChain(kind: PortChain, { name, protocol }: ForwardedPort): string {
  return `KUBE-${kind}-${hash(name + protocol)}`;
}

/** `KUBE-SEP-…`: one endpoint of one port. */
export function targetChain({ name, protocol }: ForwardedPort, target: Target): string {
  return `KUBE-SEP-${hash(name + protocol + hostPort(target))}`;
}

/** Whether a chain found in the kernel is one that a proxy makes and removes with its Service. */
export function isPortChain(chain: string): boolean {
  return /^KUBE-(SVC|SVL|EXT|FW|SEP|XLB)-[A-Z2-7]{16}$/.test(chain);
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The first 16 letters of the base32 SHA-256: chain names may have 28 characters. */
function hash(text: string): string {
  const digest = createHash("sha256").update(text).digest();
  let letters = "";
  // 16 letters of 5 bits are the first 10 bytes exactly.
  for (let bit = 0; bit < 80; bit += 5) {
    const pair = (digest[bit >> 3]! << 8) | digest[(bit >> 3) + 1]!;
    letters += ALPHABET[(pair >> (11 - (bit & 7))) & 31];
  }
  return letters;
}
