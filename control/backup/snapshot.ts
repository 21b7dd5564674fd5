import type { FileStore } from "../certificates/file_store.ts";
import { coracleVersion } from "../server/version.ts";
import type { Storage } from "../storage/storage.ts";
import { type BackupRecord, encodeRecord, type Manifest } from "./records.ts";

/** What a server has to back up. */
export interface BackupSource {
  readonly storage: Storage;
  /** The certificate directory. */
  readonly certificates: FileStore;
  readonly settings: Manifest["settings"];
}

/**
 * The files that the cluster's trust stands on. The serving certificate is left out: it names the machine, and every
 * server makes its own. So is admin.kubeconfig, which says where the server is.
 */
export const backedUpFiles = [
  "ca.crt",
  "ca.key",
  "service-account-keys.json",
  "admin.crt",
  "admin.key",
  "front-proxy.crt",
  "front-proxy.key",
] as const;

/** The content of a backup, and what it says of itself. */
export interface Snapshot {
  readonly manifest: Manifest;
  /** Read once. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * The state at this moment's revision: writers go on meanwhile and change nothing in it. Until the content has been
 * read, values that have since been replaced stay in memory.
 */
export async function takeSnapshot(
  { storage, certificates, settings }: BackupSource,
): Promise<Snapshot> {
  const { revision, items } = await storage.list("");
  const manifest = { coracle: coracleVersion, revision, objects: items.length, settings };
  // As a log would have them: whoever restores appends one after another.
  const objects = items.toSorted((a, b) => a.revision - b.revision);
  async function* content() {
    yield encodeRecord({ type: "manifest", manifest });
    for (const object of objects) yield encodeRecord({ type: "object", object });
    // After the objects: a token among them was signed with a key that is still there.
    for await (const file of files(certificates)) yield encodeRecord(file);
  }
  return { manifest, content: content() };
}

async function* files(store: FileStore): AsyncGenerator<BackupRecord> {
  for (const name of backedUpFiles) {
    const text = await store.read(name);
    if (text !== undefined) yield { type: "file", name, text };
  }
}
