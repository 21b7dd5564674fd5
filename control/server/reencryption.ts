import type { KubeObject } from "../../shared/api/kind.ts";
import type { Log } from "../../shared/log/log.ts";
import { decodeStored } from "../registry/stored_object.ts";
import { type Storage, StorageError, type Stored } from "../storage/storage.ts";

/** Objects written at once. */
const atOnce = 32;
const encoder = new TextEncoder();

/**
 * Writes objects anew that are stored unencrypted or with another key than the first, one change each as if somebody
 * had replaced them by themselves. May be interrupted anywhere: the next start finds what is left. Resolves to how many
 * were written; those that somebody else changed meanwhile need it no more.
 */
export async function reencrypt(
  storage: Pick<Storage, "write">,
  { outdated, log, signal }: {
    readonly outdated: readonly Stored[];
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  if (outdated.length === 0) return 0;
  log.info("Encrypting stored objects anew", { objects: outdated.length });
  let written = 0;
  for (let at = 0; at < outdated.length; at += atOnce) {
    if (signal.aborted) return written;
    const batch = outdated.slice(at, at + atOnce).map((item) => rewrite(storage, item));
    written += (await Promise.all(batch)).filter(Boolean).length;
  }
  log.info("Stored objects are encrypted with the first key", { written });
  return written;
}

async function rewrite(storage: Pick<Storage, "write">, item: Stored): Promise<boolean> {
  const { key, value, revision } = item;
  try {
    await storage.write({
      type: "put",
      key,
      expected: revision,
      encode: (next) => withRevision(decodeStored(value), next),
    });
    return true;
  } catch (error) {
    const moved = error instanceof StorageError &&
      (error.code === "Conflict" || error.code === "KeyNotFound");
    if (moved) return false;
    throw error;
  }
}

/** The bytes of a stored object at another revision; its fields keep their order, kind and version first. */
function withRevision(object: KubeObject, revision: number): Uint8Array {
  object.metadata.resourceVersion = String(revision);
  return encoder.encode(JSON.stringify(object));
}
