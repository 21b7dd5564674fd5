import { backupPath } from "../../control/backup/backup_endpoint.ts";
import { BackupError } from "../../control/backup/backup_error.ts";
import { openBackup, writeBackup } from "../../control/backup/backup_file.ts";
import type { BackupRecord, Manifest } from "../../control/backup/records.ts";
import { accepted } from "../../shared/client/rest_client.ts";
import type { Transport } from "../../shared/client/transport.ts";
import { writeWhole } from "./backup_files.ts";

export interface Downloaded {
  readonly manifest: Manifest;
  readonly size: number;
}

/**
 * Has the server make a backup and writes it to `path`, checked on the way; with a passphrase, enciphered here, so that
 * the server never sees it. Throws one clear sentence, and then there is no file.
 */
export async function downloadBackup(
  transport: Transport,
  path: string,
  { passphrase }: { readonly passphrase: string | undefined },
): Promise<Downloaded> {
  const response = await transport.send({ method: "GET", path: backupPath, userAgent: "coracle" });
  if (response.status >= 300) await accepted(response);
  let manifest: Manifest | undefined;
  async function* noted(records: AsyncIterable<BackupRecord>) {
    for await (const record of records) {
      if (record.type === "manifest") manifest = record.manifest;
      yield record;
    }
  }
  try {
    const { head, records } = await openBackup(response.stream());
    const file = writeBackup({ head, records: noted(records) }, { passphrase });
    const size = await writeWhole(path, file);
    return { manifest: manifest!, size };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    throw new Error(`Cannot make a backup: of what the server sent, ${error.message}`);
  }
}
