import { cbc, gcm } from "@noble/ciphers/aes.js";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";

/** One key of one provider: encrypts values and knows what it has encrypted. */
export interface Transformer {
  /** How what it makes begins, e.g. `k8s:enc:aesgcm:v1:key1:`. Empty: it changes nothing. */
  readonly prefix: Uint8Array;
  /** How many bytes it adds at most, the prefix included. */
  readonly overhead: number;
  /** `key`: where the value is stored; where the method can, the value is bound to it. */
  encrypt(value: Uint8Array, key: string): Uint8Array;
  /** The value behind what follows the prefix. Throws if it was not made by this key. */
  decrypt(rest: Uint8Array, key: string): Uint8Array;
}

/** Providers by their name in the configuration, with the lengths of their keys in bytes. */
export const providers = {
  aescbc: { keySizes: [16, 24, 32], make: aesCbc },
  aesgcm: { keySizes: [16, 24, 32], make: aesGcm },
  secretbox: { keySizes: [32], make: secretbox },
} as const;
export type ProviderName = keyof typeof providers;

/** Leaves values as they are. */
export const identity: Transformer = {
  prefix: new Uint8Array(0),
  overhead: 0,
  encrypt: (value) => value,
  decrypt: (rest) => rest,
};

interface Method {
  readonly nonceSize: number;
  readonly overhead: number;
  seal(nonce: Uint8Array, value: Uint8Array, key: string): Uint8Array;
  open(nonce: Uint8Array, sealed: Uint8Array, key: string): Uint8Array;
}

const encoder = new TextEncoder();

/** AES-CBC with PKCS #7 padding. It hides, but does not prove that nobody changed the value. */
function aesCbc(name: string, secret: Uint8Array): Transformer {
  return transformer(`aescbc:v1:${name}`, {
    nonceSize: 16,
    overhead: 16,
    seal: (nonce, value) => cbc(secret, nonce).encrypt(value),
    open: (nonce, sealed) => cbc(secret, nonce).decrypt(sealed),
  });
}

/** AES-GCM, bound to the place. Its random nonces ask for a new key at least every 200,000 writes. */
function aesGcm(name: string, secret: Uint8Array): Transformer {
  return transformer(`aesgcm:v1:${name}`, {
    nonceSize: 12,
    overhead: 16,
    seal: (nonce, value, key) => gcm(secret, nonce, encoder.encode(key)).encrypt(value),
    open: (nonce, sealed, key) => gcm(secret, nonce, encoder.encode(key)).decrypt(sealed),
  });
}

/** XSalsa20 and Poly1305 (NaCl's secretbox). */
function secretbox(name: string, secret: Uint8Array): Transformer {
  return transformer(`secretbox:v1:${name}`, {
    nonceSize: 24,
    overhead: 16,
    seal: (nonce, value) => xsalsa20poly1305(secret, nonce).encrypt(value),
    open: (nonce, sealed) => xsalsa20poly1305(secret, nonce).decrypt(sealed),
  });
}

/** The form of the reference: prefix, nonce, ciphertext. A store of either can be read by the other. */
function transformer(name: string, method: Method): Transformer {
  const prefix = encoder.encode(`k8s:enc:${name}:`);
  const { nonceSize } = method;
  return {
    prefix,
    overhead: prefix.length + nonceSize + method.overhead,
    encrypt(value, key) {
      const nonce = crypto.getRandomValues(new Uint8Array(nonceSize));
      const sealed = method.seal(nonce, value, key);
      const out = new Uint8Array(prefix.length + nonceSize + sealed.length);
      out.set(prefix);
      out.set(nonce, prefix.length);
      out.set(sealed, prefix.length + nonceSize);
      return out;
    },
    decrypt: (rest, key) => method.open(rest.subarray(0, nonceSize), rest.subarray(nonceSize), key),
  };
}
