import { authorityHash } from "../certificates/authority.ts";
import { MemoryStorage } from "../storage/memory/storage.ts";
import { type BackupFileOptions, openBackup } from "./backup_file.ts";
import type { Manifest } from "./records.ts";

/** What a backup holds. */
export interface BackupSummary {
  /** Wall-clock milliseconds. */
  readonly created: number;
  readonly encrypted: boolean;
  readonly manifest: Manifest;
  /** Objects by kind, such as `apps/Deployment` or `Pod`, the most first. */
  readonly kinds: readonly (readonly [kind: string, count: number])[];
  /** Bytes of objects. */
  readonly size: number;
  readonly files: readonly string[];
  /** `sha256:…` of the cluster's authority, as join tokens have it. */
  readonly authority: string;
}

/**
 * Reads a whole backup, checks everything in it, and loads its objects into a store in memory. Throws `BackupError`.
 */
export async function verifyBackup(
  file: AsyncIterable<Uint8Array>,
  options: BackupFileOptions = {},
): Promise<BackupSummary> {
  const { head, records } = await openBackup(file, options);
  const store = new MemoryStorage({ historyLength: 0 });
  const files = new Map<string, string>();
  let manifest: Manifest | undefined;
  for await (const record of records) {
    if (record.type === "manifest") manifest = record.manifest;
    else if (record.type === "file") files.set(record.name, record.text);
    else {
      const { key, value } = record.object;
      await store.write({ type: "put", key, expected: 0, encode: () => value });
    }
  }
  const { items } = await store.list("");
  return {
    created: head.created,
    encrypted: head.encryption !== undefined,
    manifest: manifest!,
    kinds: countKinds(items),
    size: items.reduce((sum, { value }) => sum + value.length, 0),
    files: [...files.keys()],
    authority: authorityHash(files.get("ca.crt")!),
  };
}

function countKinds(items: readonly { readonly value: Uint8Array }[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { value } of items) {
    const { kind, apiVersion } = JSON.parse(new TextDecoder().decode(value));
    const group = String(apiVersion).includes("/") ? `${String(apiVersion).split("/")[0]}/` : "";
    counts.set(group + kind, (counts.get(group + kind) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
