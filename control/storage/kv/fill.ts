import type { Random } from "../../../shared/clock/random.ts";
import type { Change, Revision, Stored } from "../storage.ts";
import { plainCodec } from "../value_codec.ts";
import { Journal } from "./journal.ts";
import { createDatabase } from "./database.ts";
import {
  compactedKey,
  MAX_VALUE,
  MAX_VALUES_PER_COMMIT,
  reservedKey,
  revisionBytes,
} from "./layout.ts";
import { createHead } from "./load.ts";
import { writeMark } from "./mark.ts";
import { markFile, storeFile } from "./open.ts";

/** What one commit takes. */
const BATCH_BYTES = MAX_VALUE * MAX_VALUES_PER_COMMIT;

export interface FillOptions {
  /** No revision up to this one is given again, and nothing before it can be listed or watched. */
  readonly revision: Revision;
  /** Makes the identity of the store. */
  readonly random: Random;
}

/**
 * Makes a store in a directory where there is none, with these objects as its state, not encrypted, in the order of their
 * revisions. It can be used if this has resolved, and is to be thrown away if not.
 */
export async function fillKvStorage(
  directory: string,
  objects: AsyncIterable<Stored>,
  { revision, random }: FillOptions,
): Promise<void> {
  await Deno.mkdir(directory, { mode: 0o700 });
  const file = storeFile(directory);
  createDatabase(file);
  const medium = await Deno.openKv(file);
  try {
    await Deno.chmod(file, 0o600);
    const store = await createHead(medium, random.uuid());
    const bytes = revisionBytes(revision);
    await medium.atomic().set(compactedKey, bytes).set(reservedKey, bytes).commit();
    const journal = new Journal(medium, 0, plainCodec);
    let batch: Change[] = [];
    let size = 0;
    const flush = async () => {
      while (batch.length > 0) {
        const packed = journal.pack(batch, { deflate: true });
        await journal.append(packed, undefined);
        batch = batch.slice(packed.taken);
      }
      size = 0;
    };
    for await (const { key, value, revision } of objects) {
      batch.push({ type: "put", key, value, revision, previous: undefined });
      size += key.length + value.length;
      if (size >= BATCH_BYTES) await flush();
    }
    await flush();
    await writeMark(markFile(directory), { store, last: journal.end, wal: false });
  } finally {
    medium.close();
  }
}
