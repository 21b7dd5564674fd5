import assert from "node:assert/strict";
import { BackupError } from "./backup_error.ts";
import { openBackup, writeBackup } from "./backup_file.ts";
import { writeFrames } from "./frames.ts";
import { type BackupRecord, encodeRecord } from "./records.ts";
import { backupBytes, bytesOf, inPieces, putConfigMap, sampleCluster } from "./sample_cluster.ts";
import { takeSnapshot } from "./snapshot.ts";
import { verifyBackup } from "./verify.ts";

async function recordsOf(bytes: Uint8Array): Promise<BackupRecord[]> {
  return await Array.fromAsync((await openBackup(inPieces(bytes))).records);
}

Deno.test("A backup holds every object as it was at its revision, whatever is written while it is read", async () => {
  const cluster = await sampleCluster(30);
  const { storage } = cluster;
  const before = await storage.list("");
  const { manifest, content } = await takeSnapshot(cluster);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) {
    chunks.push(chunk);
    await putConfigMap(storage, `c${chunks.length % 30}`, "later");
    await putConfigMap(storage, `new${chunks.length}`, "later");
  }
  const records = await recordsOf(await bytesOf(writeFrames(chunks, { created: 0 })));
  const objects = records.flatMap((record) => record.type === "object" ? [record.object] : []);
  assert.equal(manifest.revision, before.revision);
  assert.deepEqual(objects.toSorted((a, b) => a.key < b.key ? -1 : 1), before.items);
});

Deno.test("A backup holds the cluster's keys and nothing that names the machine", async () => {
  const records = await recordsOf(await backupBytes(await sampleCluster(1)));
  const names = records.flatMap((record) => record.type === "file" ? [record.name] : []);
  assert.ok(names.includes("ca.key") && names.includes("service-account-keys.json"));
  assert.ok(!names.some((name) => /serving|kubeconfig/.test(name)));
});

Deno.test("A backup can be written again under a passphrase, and is the same", async () => {
  const plain = await backupBytes(await sampleCluster(5));
  const passphrase = "correct horse battery staple";
  const sealed = await bytesOf(writeBackup(await openBackup(inPieces(plain)), { passphrase }));
  const { records } = await openBackup(inPieces(sealed), { passphrase });
  assert.deepEqual(await Array.fromAsync(records), await recordsOf(plain));
});

Deno.test("verifyBackup() says what a backup holds", async () => {
  const cluster = await sampleCluster(200, { size: 1000 });
  const bytes = await backupBytes(cluster, { created: 1_750_000_000_000 });
  const summary = await verifyBackup(inPieces(bytes));
  assert.deepEqual(summary.kinds, [["ConfigMap", 200]]);
  assert.equal(summary.created, 1_750_000_000_000);
  assert.equal(summary.encrypted, false);
  assert.equal(summary.manifest.revision, cluster.storage.revision());
  assert.match(summary.authority, /^sha256:[0-9a-f]{64}$/);
});

/** What somebody who can make the checksums fit may still get wrong. */
const tampered: readonly [
  title: string,
  change: (records: BackupRecord[]) => BackupRecord[],
  says: RegExp,
][] = [
  ["an object is missing", (all) => all.filter((_, i) => i !== 2), /holds 2 objects of 3/],
  ["an object comes twice", (all) => [...all.slice(0, 2), ...all.slice(1)], /out of place/],
  ["objects are out of order", ([a, b, c, ...rest]) => [a!, c!, b!, ...rest], /out of place/],
  ["the manifest is missing", ([, ...rest]) => rest, /does not begin with what it is of/],
  ["there are two manifests", ([a, ...rest]) => [a!, a!, ...rest], /makes no sense/],
  ["there is nothing", () => [], /it is empty/],
  ["the authority's key is missing", (all) => withoutFile(all, "ca.key"), /lacks the keys/],
  ["the authority's key is another's", (all) => {
    const other = all.find((record) => record.type === "file" && record.name === "admin.key");
    return all.map((record) =>
      record.type === "file" && record.name === "ca.key"
        ? { ...record, text: (other as typeof record).text }
        : record
    );
  }, /keys of the cluster cannot be used/],
  ["there is a file of another name", (all) => [
    ...all,
    { type: "file", name: "../../etc/passwd", text: "" },
  ], /unknown file/],
  [
    "an object is under another key",
    (all) => withObject(all, { key: "/registry/core/secrets/default/x" }),
    /does not hold/,
  ],
  [
    "an object is no JSON",
    (all) => withObject(all, { value: new Uint8Array([0x7b]) }),
    /is not JSON/,
  ],
  [
    "an object is null",
    (all) => withObject(all, { value: new TextEncoder().encode("null") }),
    /does not hold/,
  ],
];
for (const [title, change, says] of tampered) {
  Deno.test(`A backup is refused in which ${title}`, async () => {
    const records = await recordsOf(await backupBytes(await sampleCluster(3)));
    const file = writeFrames(change(records).map(encodeRecord), { created: 0 });
    await assert.rejects(verifyBackup(file), (error) => {
      assert.ok(error instanceof BackupError, String(error));
      assert.equal(error.code, "Damaged");
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("A backup is refused whose content is no records", async () => {
  for (
    const bytes of [
      new Uint8Array(3),
      new Uint8Array([9, 0, 0, 0, 1, 0]),
      new Uint8Array([1, 255, 255, 255, 255]),
    ]
  ) {
    await assert.rejects(
      verifyBackup(writeFrames([bytes], { created: 0 })),
      /content cannot be read/,
    );
  }
});

function withoutFile(records: BackupRecord[], name: string): BackupRecord[] {
  return records.filter((record) => record.type !== "file" || record.name !== name);
}

function withObject(
  records: BackupRecord[],
  change: { readonly key?: string; readonly value?: Uint8Array },
): BackupRecord[] {
  return records.map((record, index) =>
    record.type === "object" && index === 1
      ? { type: "object", object: { ...record.object, ...change } }
      : record
  );
}
