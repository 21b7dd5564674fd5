import { createHash } from "node:crypto";
import { BackupError } from "./backup_error.ts";

/**
 * What a backup file begins with: three lines of text. The first names the format, the second says in JSON how to read
 * the rest, the third is the SHA-256 of both, so that damage there is not mistaken for a wrong passphrase. Frames
 * follow (frames.ts), bound to these lines.
 */
export interface Head {
  /** Random: binds the frames to this file and no other. */
  readonly id: string;
  /** When it was made, wall-clock milliseconds by the server's clock. */
  readonly created: number;
  /** Absent: everybody who has the file can read it. */
  readonly encryption?: Encryption | undefined;
}

/** How the key follows from the passphrase: scrypt (RFC 7914). Numbers are powers and factors, bytes are base64. */
export interface Encryption {
  readonly cipher: "AES-256-GCM";
  readonly kdf: "scrypt";
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: string;
  /** Follows from the passphrase too, and tells a wrong one from damage. */
  readonly check: string;
}

/** A head as it stands in a file. */
export interface HeadBytes {
  readonly head: Head;
  /** SHA-256 of all three lines' content: what the frames are bound to. */
  readonly digest: Uint8Array;
}

/** The format this program writes, and the only one it reads. */
export const BACKUP_FORMAT = 1;
const MAGIC = "coracle-backup ";
/** The head's lines together are never longer. */
export const MAX_HEAD = 4096;

/** The three lines. */
export function encodeHead(
  head: Head,
): { readonly bytes: Uint8Array; readonly digest: Uint8Array } {
  const text = `${MAGIC}${BACKUP_FORMAT}\n${JSON.stringify(head)}\n`;
  const digest = sha256(text);
  return { bytes: new TextEncoder().encode(`${text}${digest.toString("hex")}\n`), digest };
}

/**
 * Reads the head at the beginning of `bytes`, and how long it is; undefined if more bytes are needed to tell. Throws
 * `BackupError`.
 */
export function decodeHead(
  bytes: Uint8Array,
): (HeadBytes & { readonly length: number }) | undefined {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, MAX_HEAD));
  const known = Math.min(text.length, MAGIC.length);
  if (text.slice(0, known) !== MAGIC.slice(0, known)) {
    throw new BackupError("Foreign", "it is not a backup that coracle made");
  }
  const lines = text.split("\n");
  const format = lines.length > 1 ? lines[0]!.slice(MAGIC.length) : undefined;
  if (format !== undefined && format !== String(BACKUP_FORMAT)) {
    throw /^\d{1,6}$/.test(format)
      ? new BackupError(
        "Format",
        `it is in format ${format}, and this program reads format ${BACKUP_FORMAT} only`,
      )
      : damaged();
  }
  if (lines.length < 4) {
    if (text.length >= MAX_HEAD) throw damaged();
    return undefined;
  }
  const signed = `${lines[0]}\n${lines[1]}\n`;
  const digest = sha256(new TextEncoder().encode(signed));
  if (digest.toString("hex") !== lines[2]) throw damaged();
  return { head: parseHead(lines[1]!), digest, length: signed.length + lines[2]!.length + 1 };
}

function parseHead(line: string): Head {
  const head = JSON.parse(line) as Head;
  const { encryption } = head;
  const known = typeof head.created === "number" && typeof head.id === "string" &&
    (encryption === undefined || isEncryption(encryption));
  if (!known) {
    throw new BackupError("Format", "it is encrypted in a way that this program does not know");
  }
  return head;
}

/** Bounds, too: a file must not make its reader allocate what it likes. */
function isEncryption(encryption: Encryption): boolean {
  const { cipher, kdf, cost, blockSize, parallelization, salt, check } = encryption;
  return cipher === "AES-256-GCM" && kdf === "scrypt" &&
    [2 ** 14, 2 ** 15, 2 ** 16, 2 ** 17, 2 ** 18].includes(cost) && blockSize === 8 &&
    Number.isInteger(parallelization) && parallelization >= 1 && parallelization <= 8 &&
    typeof salt === "string" && typeof check === "string";
}

function damaged(): BackupError {
  return new BackupError("Damaged", "it is damaged: its first lines are not as they were written");
}

function sha256(data: string | Uint8Array) {
  return createHash("sha256").update(data).digest();
}
