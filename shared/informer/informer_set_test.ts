import assert from "node:assert/strict";
import type { ConfigMap } from "../api/core/v1/types.gen.ts";
import { resources } from "../client/resources.gen.ts";
import { restClient } from "../client/rest_client.ts";
import { FakeTransport } from "../client/testing/fake_transport.ts";
import type { TransportRequest } from "../client/transport.ts";
import { FakeClock, settle } from "../clock/fake_clock.ts";
import { type Random, seededRandom } from "../clock/random.ts";
import { silentLog } from "../log/log.ts";
import { createInformerSet } from "./informer_set.ts";

interface Logged {
  readonly revision: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: ConfigMap;
}

/** A server that remembers every change, and whose connections break as a seed says. */
class FaultyServer {
  readonly log: Logged[] = [];
  readonly objects = new Map<string, ConfigMap>();
  cuts = 0;
  lists = 0;
  openLists = 0;
  compacted = 0;
  #revision = 0;
  #uid = 0;
  readonly #random: Random;
  readonly #waiting = new Set<() => void>();

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  get revision(): number {
    return this.#revision;
  }

  change(): void {
    const name = `c${Math.floor(this.#random.float() * 20)}`;
    const old = this.objects.get(name);
    const revision = ++this.#revision;
    const gone = old && this.#random.float() < 0.3;
    const metadata = {
      ...(old?.metadata ?? { namespace: "n", name, uid: `u${++this.#uid}` }),
      resourceVersion: String(revision),
    };
    const object = { kind: "ConfigMap", apiVersion: "v1", metadata } as ConfigMap;
    if (gone) this.objects.delete(name);
    else this.objects.set(name, object);
    this.log.push({ revision, type: gone ? "DELETED" : old ? "MODIFIED" : "ADDED", object });
    for (const wake of this.#waiting) wake();
  }

  readonly transport = new FakeTransport((request) => this.#answer(request));

  #answer(request: TransportRequest) {
    const search = new URLSearchParams(request.path.split("?")[1]);
    if (this.#chance(0.1)) {
      this.cuts++;
      throw new Error("connection refused");
    }
    if (search.has("watch")) return this.#watch(request, Number(search.get("resourceVersion")));
    return this.#list();
  }

  async #list() {
    this.lists++;
    assert.equal(++this.openLists, 1, "two lists at once");
    const items = [...this.objects.values()];
    const body = JSON.stringify({
      metadata: { resourceVersion: String(this.#revision) },
      items,
    });
    await Promise.resolve();
    this.openLists--;
    return { body };
  }

  #watch(request: TransportRequest, from: number) {
    if (from < this.compacted) {
      return { status: 410, body: { reason: "Expired", code: 410, message: "too old" } };
    }
    return { stream: this.#events(from, request.signal!) };
  }

  async *#events(from: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
    let left = Math.floor(this.#random.float() * 8);
    for (let at = from;;) {
      while (at >= this.#revision) {
        if (signal.aborted) throw signal.reason;
        await new Promise<void>((resolve) => {
          const wake = () => {
            this.#waiting.delete(wake);
            resolve();
          };
          this.#waiting.add(wake);
          signal.addEventListener("abort", wake, { once: true });
        });
      }
      const { type, object } = this.log[at++]!;
      const bytes = new TextEncoder().encode(JSON.stringify({ type, object }) + "\n");
      if (left-- > 0) {
        yield bytes;
        continue;
      }
      this.cuts++;
      yield bytes.subarray(0, Math.floor(this.#random.float() * bytes.length));
      if (this.#chance(0.5)) throw new Error("connection reset");
      return;
    }
  }

  #chance(share: number): boolean {
    return this.#random.float() < share;
  }
}

function start(server: FaultyServer) {
  const clock = new FakeClock();
  const client = restClient(server.transport, { userAgent: "test" });
  const set = createInformerSet(client, { clock, log: silentLog, random: seededRandom(2) });
  return { clock, set, informer: set.of(resources.configmaps) };
}

/** What is ready runs first: only then is known which timers there are. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  await settle();
  await clock.advance(ms);
}

function name(revision: number, type: string) {
  return `${revision} ${type}`;
}

Deno.test("an informer loses, doubles and reorders nothing over 1,000 cut connections", async () => {
  const server = new FaultyServer(7);
  const { clock, set, informer } = start(server);
  const seen: string[] = [];
  informer.onChange((object, previous) => {
    const type = !object ? "DELETED" : previous ? "MODIFIED" : "ADDED";
    // A deletion is heard with the object as it was known, so its own revision is not seen.
    if (object) seen.push(name(Number(object.metadata.resourceVersion), type));
    else seen.push(name(Number(previous!.metadata.resourceVersion), type));
  });
  await pass(clock, 60_000);
  assert(informer.hasSynced);
  while (server.cuts < 1000) {
    for (let i = 0; i < 20; i++) server.change();
    await pass(clock, 10_000);
  }
  await pass(clock, 600_000);
  const last = new Map<string, number>();
  const want = server.log.map(({ revision, type, object }) => {
    const known = last.get(object.metadata.name!);
    last.set(object.metadata.name!, revision);
    return name(type === "DELETED" ? known! : revision, type);
  });
  assert.deepEqual(seen, want);
  assert.equal(server.lists, 1, "a cut connection is no reason to list");
  assert.deepEqual(
    informer.list("n").map(({ metadata }) => metadata.resourceVersion).sort(),
    [...server.objects.values()].map(({ metadata }) => metadata.resourceVersion).sort(),
  );
  set.stop();
});

Deno.test("an informer lists anew when its version expired, and tells what was missed", async () => {
  const server = new FaultyServer(3);
  const { clock, set, informer } = start(server);
  const alive = new Map<string, string>();
  informer.onChange((object, previous) => {
    const { name, uid } = (object ?? previous)!.metadata;
    if (previous) assert.equal(alive.get(name!), previous.metadata.uid);
    else assert(!alive.has(name!), "an addition of what was there");
    if (!object) alive.delete(name!);
    else alive.set(name!, uid!);
    if (object && previous) assert.equal(object.metadata.uid, previous.metadata.uid);
  });
  for (let round = 0; round < 20; round++) {
    await pass(clock, 60_000);
    for (let i = 0; i < 200; i++) server.change();
    server.compacted = server.revision;
  }
  await pass(clock, 120_000);
  assert(server.lists > 10, `${server.lists} lists`);
  const want = [...server.objects.values()].map((o) => `${o.metadata.name} ${o.metadata.uid}`);
  assert.deepEqual([...alive].map(([n, u]) => `${n} ${u}`).sort(), want.sort());
  set.stop();
});

Deno.test("an informer waits longer and longer while nobody answers, and never in a tight loop", async () => {
  const clock = new FakeClock();
  const transport = new FakeTransport(() => {
    throw new Error("connection refused");
  });
  const client = restClient(transport, { userAgent: "test" });
  const set = createInformerSet(client, { clock, log: silentLog, random: seededRandom(1) });
  set.of(resources.pods);
  await pass(clock, 600_000);
  const { length } = transport.requests;
  assert(length >= 20 && length <= 30, `${length} requests in ten minutes`);
  set.stop();
  await settle();
  assert.equal(clock.nextDue, undefined, "a stopped informer leaves no timer");
});

Deno.test("an informer calls a late handler for everything known and keeps indexes", async () => {
  const server = new FaultyServer(1);
  for (let i = 0; i < 30; i++) server.change();
  const { clock, set, informer } = start(server);
  informer.addIndex("parity", ({ metadata }) => [String(Number(metadata.name!.slice(1)) % 2)]);
  await pass(clock, 60_000);
  await informer.synced();
  const seen: string[] = [];
  const end = informer.onChange((object) => object && seen.push(object.metadata.name!));
  assert.deepEqual(seen.sort(), [...server.objects.keys()].sort());
  end();
  for (let i = 0; i < 30; i++) server.change();
  await pass(clock, 120_000);
  assert.equal(seen.length, new Set(seen).size);
  const odd = informer.byIndex("parity", "1").map(({ metadata }) => metadata.name).sort();
  assert.deepEqual(odd, [...server.objects.keys()].filter((n) => Number(n.slice(1)) % 2).sort());
  assert.equal(set.of(resources.configmaps), informer);
  set.stop();
});

Deno.test("an informer that is dropped tells that all is gone and asks no more", async () => {
  const server = new FaultyServer(5);
  for (let i = 0; i < 30; i++) server.change();
  const { clock, set, informer } = start(server);
  await pass(clock, 60_000);
  assert.equal(set.known!(resources.configmaps), informer);
  let gone = 0;
  informer.onChange((object) => object ?? gone++);
  set.drop!(resources.configmaps);
  assert.equal(gone, server.objects.size);
  assert.equal(set.known!(resources.configmaps), undefined);
  await pass(clock, 60_000);
  const { length } = server.transport.requests;
  await pass(clock, 600_000);
  assert.equal(server.transport.requests.length, length);
});
