/** Why a backup could not be read. The set is closed. */
export type BackupErrorCode =
  /** Not a file of ours at all. */
  | "Foreign"
  /** Written in a format that this program does not know. */
  | "Format"
  /** It ends before its end: an interrupted copy. */
  | "Truncated"
  /** What is there is not what was written. */
  | "Damaged"
  /** Encrypted, and the passphrase is missing or wrong; or not encrypted although there is a passphrase. */
  | "Passphrase";

/** A backup cannot be used. The message is a part of a sentence that begins with the file's name: `FILE: it is …`. */
export class BackupError extends Error {
  override readonly name = "BackupError";
  constructor(readonly code: BackupErrorCode, reason: string, options?: ErrorOptions) {
    super(reason, options);
  }
}
