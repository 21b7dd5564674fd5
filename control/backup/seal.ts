import { Buffer } from "node:buffer";
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from "node:crypto";
import { BackupError } from "./backup_error.ts";
import type { Encryption } from "./head.ts";

/** Where a frame stands: part of what its seal vouches for, so that none can be moved, repeated or left out. */
export interface FramePlace {
  readonly index: number;
  readonly last: boolean;
}

/** What makes frames unforgeable (with a passphrase) or at least checks them (without). */
export interface Seal {
  /** The frame's bytes as they go into the file: those given, as they are or enciphered, and 16 bytes of seal. */
  close(body: Uint8Array, place: FramePlace): Uint8Array;
  /** What `close` was given; undefined if the bytes are not what it returned for this place. */
  open(sealed: Uint8Array, place: FramePlace): Uint8Array | undefined;
}

/** Bytes that a seal adds. */
export const SEAL_BYTES = 16;

/** A checksum: SHA-256 of head, place and body, cut to 16 bytes. */
export function checksumSeal(headDigest: Uint8Array): Seal {
  const sumOf = (body: Uint8Array, place: FramePlace) =>
    createHash("sha256").update(headDigest).update(nonceOf(place)).update(body).digest()
      .subarray(0, SEAL_BYTES);
  return {
    close: (body, place) => concat(body, sumOf(body, place)),
    open(sealed, place) {
      const body = sealed.subarray(0, sealed.length - SEAL_BYTES);
      return timingSafeEqual(sumOf(body, place), sealed.subarray(body.length)) ? body : undefined;
    },
  };
}

/**
 * AES-256-GCM with the place as nonce (the key is for one file alone) and the head as associated data: a stream of
 * sealed chunks as in STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015).
 */
export function cipherSeal(headDigest: Uint8Array, key: Uint8Array): Seal {
  return {
    close(body, place) {
      const cipher = createCipheriv("aes-256-gcm", key, nonceOf(place));
      cipher.setAAD(headDigest);
      const enciphered = concat(cipher.update(body), cipher.final());
      return concat(enciphered, cipher.getAuthTag());
    },
    open(sealed, place) {
      const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(place), {
        authTagLength: SEAL_BYTES,
      });
      const body = sealed.subarray(0, sealed.length - SEAL_BYTES);
      decipher.setAAD(headDigest);
      decipher.setAuthTag(sealed.subarray(body.length));
      try {
        return concat(decipher.update(body), decipher.final());
      } catch {
        return undefined;
      }
    },
  };
}

/** 32 MiB and about half a second: as strong as OWASP's first choice (2^17, 8, 1), and edge machines have the memory. */
const strength = { cost: 2 ** 15, blockSize: 8, parallelization: 3 } as const;

/** A key for a new file, with what the file must say so that the passphrase leads to it again. */
export async function newKey(
  passphrase: string,
): Promise<{ readonly key: Uint8Array; readonly encryption: Encryption }> {
  const salt = randomBytes(32).toString("base64");
  const base = { cipher: "AES-256-GCM", kdf: "scrypt", ...strength, salt } as const;
  const { key, check } = await derive(passphrase, base);
  return { key, encryption: { ...base, check } };
}

/** The key of a file. Throws `BackupError` if the passphrase is another than the file was made with. */
export async function keyOf(passphrase: string, encryption: Encryption): Promise<Uint8Array> {
  const { key, check } = await derive(passphrase, encryption);
  if (check !== encryption.check) throw new BackupError("Passphrase", "the passphrase is wrong");
  return key;
}

function derive(
  passphrase: string,
  { cost, blockSize, parallelization, salt }: Omit<Encryption, "check">,
): Promise<{ readonly key: Uint8Array; readonly check: string }> {
  const options = { cost, blockSize, parallelization, maxmem: 256 * cost * blockSize };
  return new Promise((resolve, reject) =>
    scrypt(
      passphrase.normalize("NFC"),
      new Uint8Array(Buffer.from(salt, "base64")),
      64,
      options,
      (error, derived) => {
        if (error) return reject(error);
        const check = createHash("sha256").update(derived.subarray(32)).digest("base64");
        resolve({ key: derived.subarray(0, 32), check });
      },
    )
  );
}

function nonceOf({ index, last }: FramePlace): Uint8Array {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setBigUint64(0, BigInt(index));
  view.setUint32(8, last ? 1 : 0);
  return nonce;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
