/** Why a store could not be opened. The set is closed; callers switch on it. */
export type KvOpenErrorCode =
  /** Another process has the store open. */
  | "Locked"
  /** Written by another version of the format, or not a store of ours. */
  | "Format"
  /** Damaged: what is there cannot be read back as it was written. */
  | "Corrupt"
  /** The directory or file cannot be used: permissions, a full or failing disk. */
  | "Unreadable";

/** The store cannot be used. Nothing was changed on disk: what to do about it is the operator's decision. */
export class KvOpenError extends Error {
  override readonly name = "KvOpenError";
  constructor(
    readonly code: KvOpenErrorCode,
    place: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot open the store in ${place}: ${reason}`, options);
  }
}
