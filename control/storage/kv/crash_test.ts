import assert from "node:assert/strict";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { Recorder, text } from "../contract_suite.ts";
import type { Listing, Revision, Storage } from "../storage.ts";
import { openKvStorage } from "./open.ts";

/** More rounds for a long run: CRASH_ROUNDS=500. */
const rounds = Number(Deno.env.get("CRASH_ROUNDS") ?? 10);

interface Acknowledged {
  readonly type: string;
  readonly key: string;
  readonly revision: number;
  readonly number: string;
}

/** Runs the writer until it has acknowledged `lines` writes, then kills it; returns all it acknowledged. */
async function runAndKill(directory: string, seed: number, lines: number): Promise<Acknowledged[]> {
  const program = new URL("crash_writer.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--unstable-kv", program, directory, String(seed)],
    stdout: "piped",
  }).spawn();
  let output = "";
  let count = 0;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    count += chunk.split("\n").length - 1;
    if (count >= lines && count < Infinity) {
      child.kill("SIGKILL");
      count = Infinity;
    }
  }
  assert.equal((await child.status).signal, "SIGKILL");
  return output.split("\n").slice(0, -1).map((line) => {
    const [type, key, revision, number] = line.split(" ") as [string, string, string, string];
    return { type, key, revision: Number(revision), number };
  });
}

/** Every acknowledged write is there, or a newer one of the same writer; leases may be older. */
function checkState(storage: Storage, acknowledged: readonly Acknowledged[], seen: Recorder): void {
  const last = new Map(acknowledged.map((one) => [one.key, one]));
  const durable = new Map(seen.all.map((change) => [change.key, change]));
  for (const { type, key, revision, number } of last.values()) {
    if (key.startsWith("/lease/") || (durable.get(key)?.revision ?? 0) > revision) continue;
    const found = storage.get(key);
    assert.equal(found?.revision, type === "put" ? revision : undefined, `${type} ${key}`);
    if (found) assert.equal(text(found).split(" ")[0], number);
  }
}

/** A watch resumed at a revision that was acknowledged shows what came after it, each once and in order. */
async function checkReplay(storage: Storage, acknowledged: readonly Acknowledged[]) {
  const known = acknowledged.filter((one) => one.revision >= storage.compacted());
  const after = Math.max(known[0]?.revision ?? 0, storage.compacted());
  const seen = new Recorder();
  await storage.watch("/", after as Revision, seen);
  const byRevision = new Map(seen.all.map((change) => [change.revision as number, change]));
  assert.equal(byRevision.size, seen.all.length);
  assert.deepEqual([...byRevision.keys()], [...byRevision.keys()].sort((a, b) => a - b));
  for (const { key, revision, number } of known) {
    if (revision <= after || key.startsWith("/lease/")) continue;
    const change = byRevision.get(revision);
    assert.equal(change?.key, key);
    assert.equal(text(change!).split(" ")[0], number);
  }
  return seen;
}

/** What the last start found and this one still shows is what it was: nothing older has come back. */
async function checkUnchanged(storage: Storage, before: Listing): Promise<Listing> {
  const known = new Map(before.items.map((item) => [item.key, item.revision]));
  const now = await storage.list("");
  for (const { key, revision } of now.items) {
    if (revision <= before.revision) assert.equal(revision, known.get(key), key);
  }
  return now;
}

Deno.test("KvStorage keeps every acknowledged write through kill -9", async () => {
  const directory = await Deno.makeTempDir();
  const random = seededRandom(rounds);
  const used = new Set<number>();
  let state: Listing = { revision: 0 as Revision, items: [] };
  try {
    for (let round = 0; round < rounds; round++) {
      const acknowledged = await runAndKill(directory, round, Math.floor(random.float() * 3000));
      const storage = await openKvStorage(directory, {
        clock: new FakeClock(),
        random,
        log: silentLog,
      });
      for (const { revision } of acknowledged) {
        assert.ok(!used.has(revision), `revision ${revision} was used twice`);
        assert.ok(revision <= storage.revision());
        used.add(revision);
      }
      checkState(storage, acknowledged, await checkReplay(storage, acknowledged));
      state = await checkUnchanged(storage, state);
      await storage.close();
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
