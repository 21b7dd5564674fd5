/**
 * What values are on the medium. A store keeps and hands out the values themselves; the codec stands between it and the
 * disk alone, so that nothing else knows of it.
 */
export interface ValueCodec {
  /** The bytes to store; the value itself if it needs no change. */
  encode(key: string, value: Uint8Array): Uint8Array;
  /** The value behind stored bytes. Throws `ValueError`. */
  decode(key: string, stored: Uint8Array): Uint8Array;
  /** Whether `encode` would store it in another way now: it should be written anew. */
  isOutdated(key: string, stored: Uint8Array): boolean;
  /** The number of bytes that `encode` makes of `size`, about. */
  storedSize(key: string, size: number): number;
}

/** A stored value cannot be read back. The message names its key and never its content. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/** `k8s:enc:`: how every encrypted value begins. No value does: they are JSON objects. */
export const encryptedPrefix = new TextEncoder().encode("k8s:enc:");

export function isEncrypted(stored: Uint8Array): boolean {
  return encryptedPrefix.every((byte, i) => stored[i] === byte);
}

/** Stores values as they are. */
export const plainCodec: ValueCodec = {
  encode: (_key, value) => value,
  decode(key, stored) {
    if (!isEncrypted(stored)) return stored;
    throw new ValueError(`"${key}" is encrypted, and no encryption is configured for it`);
  },
  isOutdated: (_key, stored) => isEncrypted(stored),
  storedSize: (_key, size) => size,
};
