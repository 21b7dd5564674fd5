import { ValueError } from "../value_codec.ts";

/** Why a store could not be opened. The set is closed; callers switch on it. */
export type KvOpenErrorCode =
  /** Another process has the store open. */
  | "Locked"
  /** Written by another version of the format, or not a store of ours. */
  | "Format"
  /** Damaged or incomplete: what is there is not what was written last. */
  | "Corrupt"
  /** The directory or file cannot be used: permissions, a full or failing disk. */
  | "Unreadable"
  /** Something in it is encrypted, or is not, against what the configuration says. */
  | "Encrypted";

/** What to do about it; the second half of every message. */
const remedies: Readonly<Record<KvOpenErrorCode, string>> = {
  Locked: "end that process first",
  Format: "run the version that wrote it, or give another directory",
  Corrupt: "move the data directory away and restore a backup with `coracle backup restore FILE`",
  Encrypted: "give the configuration that it was written with (--encryption-provider-config)",
  Unreadable: "see to the disk and to the rights of the user that runs this",
};

/** The store cannot be used. Nothing was changed on disk: what to do about it is the operator's decision. */
export class KvOpenError extends Error {
  override readonly name = "KvOpenError";
  constructor(
    readonly code: KvOpenErrorCode,
    place: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot open the store in ${place}: ${reason}; ${remedies[code]}`, options);
  }
}

/** What is wrong with a store, said by whoever finds it without knowing where the store is. */
export class StoreFault extends Error {
  constructor(readonly code: KvOpenErrorCode, reason: string) {
    super(reason);
  }
}

/** What the disk, the permissions of the process or those of the file refuse, in the words of Deno and of SQLite. */
const unusable =
  /permission|denied|requires \w+ access|read-?only|unable to open|disk is full|disk I\/O|no space|not a directory|too many open|os error/i;

/** An error of the medium, of the file system or of decoding, as what it means to whoever opens the store. */
export function openError(error: unknown, place: string): KvOpenError {
  if (error instanceof KvOpenError) return error;
  if (error instanceof ValueError) return new KvOpenError("Encrypted", place, error.message);
  if (error instanceof StoreFault) return new KvOpenError(error.code, place, error.message);
  const text = error instanceof Error ? error.message : String(error);
  const message = text.replaceAll(/\s+/g, " ");
  return unusable.test(message)
    ? new KvOpenError("Unreadable", place, message, { cause: error })
    : new KvOpenError("Corrupt", place, `the file is damaged (${message})`, { cause: error });
}
