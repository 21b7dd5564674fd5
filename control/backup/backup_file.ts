import { checkedRecords } from "./checked_records.ts";
import { openFrames, writeFrames } from "./frames.ts";
import type { Head } from "./head.ts";
import { type BackupRecord, encodeRecord } from "./records.ts";

export interface BackupFileOptions {
  /** What it was, or is to be, enciphered with. */
  readonly passphrase?: string | undefined;
}

/** A backup file that is being read. */
export interface OpenedBackup {
  readonly head: Head;
  /** Each checked; throws `BackupError` where the file cannot be trusted, and then nothing of it is to be used. Read once. */
  readonly records: AsyncIterable<BackupRecord>;
}

/** Begins to read a backup file, in memory for a piece of it. Throws `BackupError`. */
export async function openBackup(
  file: AsyncIterable<Uint8Array>,
  { passphrase }: BackupFileOptions = {},
): Promise<OpenedBackup> {
  const { head, content } = await openFrames(file, passphrase);
  return { head, records: checkedRecords(content) };
}

/** The file that holds these records. */
export function writeBackup(
  { head, records }: OpenedBackup,
  { passphrase }: BackupFileOptions = {},
): AsyncGenerator<Uint8Array> {
  return writeFrames(encoded(records), { created: head.created, passphrase });
}

async function* encoded(records: AsyncIterable<BackupRecord>): AsyncGenerator<Uint8Array> {
  for await (const record of records) yield encodeRecord(record);
}
