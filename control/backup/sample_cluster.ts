import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { silentLog } from "../../shared/log/log.ts";
import { CertificateManager } from "../certificates/certificate_manager.ts";
import { memoryFileStore } from "../certificates/file_store.ts";
import { MemoryStorage } from "../storage/memory/storage.ts";
import { writeFrames } from "./frames.ts";
import { type BackupSource, takeSnapshot } from "./snapshot.ts";

/** A cluster to back up, for tests: as many ConfigMaps, of `size` bytes and more. */
export async function sampleCluster(
  objects: number,
  { size = 100, clock = new FakeClock() } = {},
): Promise<BackupSource & { readonly storage: MemoryStorage }> {
  const storage = new MemoryStorage();
  for (let i = 0; i < objects; i++) await putConfigMap(storage, `c${i}`, String(i).repeat(size));
  const certificates = memoryFileStore();
  const names = { domain: "cluster.local", hostname: "one", addresses: [], url: "https://one" };
  await CertificateManager.open({ store: certificates, clock, log: silentLog, names });
  return { storage, certificates, settings: { serviceCidr: "10.96.0.0/12", disable: [] } };
}

/** Writes a ConfigMap with a text in it. */
export function putConfigMap(storage: MemoryStorage, name: string, text: string) {
  return storage.write({
    type: "put",
    key: `/registry/core/configmaps/default/${name}`,
    encode: (revision) =>
      new TextEncoder().encode(JSON.stringify({
        kind: "ConfigMap",
        apiVersion: "v1",
        metadata: { name, namespace: "default", resourceVersion: String(revision) },
        data: { text },
      })),
  });
}

/** The bytes of a backup file. */
export async function backupBytes(
  source: BackupSource,
  options: { readonly created?: number; readonly passphrase?: string } = {},
): Promise<Uint8Array> {
  const { content } = await takeSnapshot(source);
  return await bytesOf(writeFrames(content, { created: 0, ...options }));
}

/** All of a stream. */
export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Blob(await Array.fromAsync(chunks) as BlobPart[]).arrayBuffer());
}

/** Bytes as a file gives them, in pieces of `size`. */
export async function* inPieces(bytes: Uint8Array, size = 4096): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
