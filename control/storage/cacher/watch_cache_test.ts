import assert from "node:assert/strict";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { bytes, put, refused, remove, text } from "../contract_suite.ts";
import { MemoryStorage } from "../memory/storage.ts";
import type { Revision, StorageError } from "../storage.ts";
import type {
  CacheEvent,
  Entry,
  Matcher,
  ResourceCache,
  ResourceCacheOptions,
  WatchSink,
} from "./cache.ts";
import { WatchCache } from "./watch_cache.ts";

/** Values are "node app": the node is an indexed field, the app a label. */
function podOptions(overrides: Partial<ResourceCacheOptions> = {}): ResourceCacheOptions {
  return {
    prefix: "/registry/pods/",
    namespaced: true,
    indexes: ["spec.nodeName"],
    attributesOf(value) {
      const [node = "", app = ""] = new TextDecoder().decode(value).split(" ");
      return { labels: { app }, fields: { "spec.nodeName": node } };
    },
    withRevision: (value, revision) => bytes(`${new TextDecoder().decode(value)} r${revision}`),
    ...overrides,
  };
}

async function setUp(options: Partial<ResourceCacheOptions> = {}, historyEvents = 4096) {
  const storage = new MemoryStorage();
  const clock = new FakeClock();
  const cache = new WatchCache(storage, { clock, historyEvents });
  const pods = cache.resource(podOptions(options));
  await cache.start();
  return { storage, clock, cache, pods };
}

class Sink implements WatchSink {
  readonly all: CacheEvent[] = [];
  readonly lines: string[] = [];
  batches = 0;
  end: StorageError | undefined;

  events(batch: readonly CacheEvent[]): void {
    this.batches++;
    for (const event of batch) {
      this.all.push(event);
      this.lines.push(`${event.type} ${event.entry.name} ${text(event.entry)}`);
    }
  }

  bookmark(revision: Revision, initialEventsEnd: boolean): void {
    this.lines.push(`BOOKMARK ${revision} ${initialEventsEnd}`);
  }

  closed(error: StorageError): void {
    this.end = error;
  }
}

const key = (name: string, namespace = "default") => `/registry/pods/${namespace}/${name}`;
const app = (value: string): Matcher => ({
  matches: (entry) => entry.attributes.labels["app"] === value,
});
const onNode = (value: string): Matcher => ({
  matches: (entry) => entry.attributes.fields["spec.nodeName"] === value,
  index: { field: "spec.nodeName", value },
});
const names = (entries: readonly Entry[]) => entries.map((entry) => entry.name).join(" ");

Deno.test("WatchCache get() shares the storage's bytes and names the object", async () => {
  const { storage, pods } = await setUp();
  await put(storage, key("a", "kube-system"), "n1 web");
  const entry = pods.get(key("a", "kube-system"))!;
  assert.equal(entry.value, storage.get(key("a", "kube-system"))!.value);
  assert.deepEqual([entry.namespace, entry.name], ["kube-system", "a"]);
  assert.deepEqual(entry.attributes.labels, { app: "web" });
  assert.equal(pods.size, 1);
});

Deno.test("WatchCache names cluster-scoped objects", async () => {
  const { storage, cache } = await setUp();
  const nodes = cache.resource(podOptions({ prefix: "/registry/nodes/", namespaced: false }));
  await put(storage, "/registry/nodes/n1", "");
  assert.deepEqual((await nodes.list({})).entries.map((one) => [one.namespace, one.name]), [
    ["", "n1"],
  ]);
});

Deno.test("WatchCache computes attributes once, and from the writer's note if there is one", async () => {
  const asked: unknown[] = [];
  const { storage, pods } = await setUp({
    attributesOf: (_, note) => {
      asked.push(note);
      return { labels: { app: "web" }, fields: {} };
    },
  });
  await put(storage, key("a"), "n1 web", { note: "decoded" });
  await put(storage, key("b"), "n1 web");
  for (let i = 0; i < 3; i++) {
    assert.equal(names((await pods.list({ match: app("web") })).entries), "a b");
  }
  assert.deepEqual(asked, ["decoded", undefined]);
});

Deno.test("WatchCache list() selects, pages and counts", async () => {
  const { storage, pods } = await setUp();
  const data: [string, string, string][] = [
    ["a", "default", "n1 web"],
    ["b", "default", "n2 web"],
    ["c", "default", "n1 db"],
    ["d", "default-2", "n1 web"],
    ["e", "default", "n1 web"],
  ];
  for (const [name, namespace, value] of data) await put(storage, key(name, namespace), value);
  const cases = [
    { query: {}, want: "d a b c e", more: false, remaining: 0 },
    { query: { namespace: "default" }, want: "a b c e", more: false, remaining: 0 },
    { query: { namespace: "other" }, want: "", more: false, remaining: 0 },
    { query: { limit: 2 }, want: "d a", more: true, remaining: 3 },
    { query: { limit: 2, after: key("a") }, want: "b c", more: true, remaining: 1 },
    { query: { limit: 2, after: key("c") }, want: "e", more: false, remaining: 0 },
    { query: { namespace: "default", limit: 3 }, want: "a b c", more: true, remaining: 1 },
    { query: { match: app("web") }, want: "d a b e", more: false, remaining: undefined },
    { query: { match: app("web"), limit: 3 }, want: "d a b", more: true, remaining: undefined },
    { query: { match: onNode("n1") }, want: "d a c e", more: false, remaining: undefined },
    {
      query: { match: onNode("n1"), namespace: "default", after: key("a"), limit: 1 },
      want: "c",
      more: true,
      remaining: undefined,
    },
  ];
  const revision = pods.revision;
  const check = async (at: { revision?: Revision }) => {
    for (const { query, want, more, remaining } of cases) {
      const found = await pods.list({ ...query, ...at });
      assert.deepEqual(
        { names: names(found.entries), more: found.more, remaining: found.remaining },
        { names: want, more, remaining },
        JSON.stringify(query),
      );
      assert.equal(found.revision, revision);
    }
  };
  await check({});
  await put(storage, key("bb"), "n1 web");
  await put(storage, key("b"), "n1 db");
  await remove(storage, key("e"));
  await check({ revision });
});

Deno.test("WatchCache index follows changes and is the only thing an indexed list looks at", async () => {
  const { storage, pods } = await setUp();
  for (let i = 0; i < 100; i++) await put(storage, key(`p${i}`), `n${i % 50} web`);
  let looked = 0;
  const match: Matcher = {
    matches: (entry) => ++looked > 0 && onNode("n7").matches(entry),
    index: { field: "spec.nodeName", value: "n7" },
  };
  assert.equal(names((await pods.list({ match })).entries), "p57 p7");
  await put(storage, key("p57"), "n8 web");
  await put(storage, key("p1"), "n7 web");
  await remove(storage, key("p7"));
  looked = 0;
  assert.equal(names((await pods.list({ match })).entries), "p1");
  assert.equal(looked, 1);
});

Deno.test("WatchCache list() files objects by the labels it is asked for, and follows changes", async () => {
  const { storage, pods } = await setUp();
  for (let i = 0; i < 100; i++) await put(storage, key(`p${i}`), `n1 app${i % 50}`);
  let looked = 0;
  const wanted = (value: string): Matcher => ({
    matches: (entry) => ++looked > 0 && app(value).matches(entry),
    label: { key: "app", value },
  });
  assert.equal(names((await pods.list({ match: wanted("app7") })).entries), "p57 p7");
  await put(storage, key("p57"), "n1 app8");
  await put(storage, key("p1"), "n1 app7");
  await put(storage, key("q1", "other"), "n1 app7");
  await remove(storage, key("p7"));
  looked = 0;
  const inDefault = { namespace: "default", match: wanted("app7") };
  assert.equal(names((await pods.list(inDefault)).entries), "p1");
  assert.equal(looked, 1);
  assert.equal(names((await pods.list({ match: wanted("nosuch") })).entries), "");
});

Deno.test("WatchCache watch() turns entering and leaving a selector into ADDED and DELETED", async () => {
  const { storage, pods } = await setUp();
  await put(storage, key("a"), "n1 web 1");
  const sink = new Sink();
  await pods.watch({ match: app("web"), after: pods.revision }, sink);
  await put(storage, key("a"), "n1 web 2");
  const left = await put(storage, key("a"), "n1 db 3");
  await put(storage, key("a"), "n1 db 4");
  await put(storage, key("a"), "n1 web 5");
  await remove(storage, key("a"), { last: "n1 web last" });
  await put(storage, key("b"), "n1 db");
  await remove(storage, key("b"));
  assert.deepEqual(sink.lines, [
    "MODIFIED a n1 web 2",
    `DELETED a n1 web 2 r${left.revision}`,
    "ADDED a n1 web 5",
    "DELETED a n1 web last",
  ]);
  assert.equal(sink.all[1]!.revision, left.revision);
});

Deno.test("WatchCache watch() without a revision begins with the state and a bookmark", async () => {
  const { storage, pods } = await setUp();
  for (const name of ["b", "a"]) await put(storage, key(name), "n1 web");
  await put(storage, key("c", "other"), "n1 web");
  const sink = new Sink();
  const end = await pods.watch({ namespace: "default", initialEvents: true }, sink);
  await put(storage, key("d"), "n1 web");
  await put(storage, key("d", "other"), "n1 web");
  end();
  await put(storage, key("e"), "n1 web");
  assert.deepEqual(sink.lines, [
    "ADDED a n1 web",
    "ADDED b n1 web",
    "BOOKMARK 4 true",
    "ADDED d n1 web",
  ]);
});

for (const historyEvents of [4096, 2]) {
  const where = historyEvents > 100 ? "memory" : "the storage";
  Deno.test(`WatchCache watch() resumes from ${where} with the same selector semantics`, async () => {
    const { storage, pods } = await setUp({}, historyEvents);
    const { revision } = await put(storage, key("a"), "n1 web 1");
    await put(storage, key("a"), "n2 web 2");
    await put(storage, key("b", "other"), "n1 web");
    const left = await put(storage, key("a"), "n1 db 3");
    await put(storage, key("a"), "n1 web 4");
    await remove(storage, key("a"), { last: "n1 web 5" });
    const sink = new Sink();
    await pods.watch({ namespace: "default", match: app("web"), after: revision }, sink);
    await put(storage, key("a"), "n1 web 6");
    assert.deepEqual(sink.lines, [
      "MODIFIED a n2 web 2",
      `DELETED a n2 web 2 r${left.revision}`,
      "ADDED a n1 web 4",
      "DELETED a n1 web 5",
      "ADDED a n1 web 6",
    ]);
  });
}

Deno.test("WatchCache list() and watch() refuse what neither memory nor storage has", async () => {
  const { storage, pods } = await setUp({}, 2);
  for (let i = 0; i < 5; i++) await put(storage, key("a"), `n1 web ${i}`);
  const future = pods.revision + 1 as Revision;
  await refused(pods.list({ revision: future }), "Future");
  await refused(pods.watch({ after: future }, new Sink()), "Future");
  assert.equal(text((await pods.list({ revision: 3 as Revision })).entries[0]!), "n1 web 1");
  await storage.compact(4 as Revision);
  await refused(pods.list({ revision: 3 as Revision }), "Compacted");
  await refused(pods.watch({ after: 3 as Revision }, new Sink()), "Compacted");
});

Deno.test("WatchCache dispatch looks only at the watches that a change may concern", async () => {
  const { storage, pods } = await setUp();
  let evaluated = 0;
  const sinks = Array.from({ length: 100 }, () => new Sink());
  for (const [i, sink] of sinks.entries()) {
    const match = onNode(`n${i}`);
    const counted = {
      ...match,
      matches: (entry: Entry) => ++evaluated > 0 && match.matches(entry),
    };
    await pods.watch({ match: counted, after: pods.revision }, sink);
  }
  const other = new Sink();
  await pods.watch({ namespace: "other", after: pods.revision }, other);
  await put(storage, key("a"), "n3 web");
  assert.equal(evaluated, 1);
  evaluated = 0;
  const moved = await put(storage, key("a"), "n4 web");
  assert.equal(evaluated, 4, "two watches, old and new object");
  assert.deepEqual(sinks[3]!.lines, ["ADDED a n3 web", `DELETED a n3 web r${moved.revision}`]);
  assert.deepEqual(sinks[4]!.lines, ["ADDED a n4 web"]);
  assert.equal(sinks.flatMap((sink) => sink.lines).length, 3);
  assert.deepEqual(other.lines, []);
});

Deno.test("WatchCache events are shared by all watches, and so are their encodings", async () => {
  const { storage, pods } = await setUp();
  const sinks = [new Sink(), new Sink(), new Sink()];
  await pods.watch({ after: pods.revision }, sinks[0]!);
  await pods.watch({ namespace: "default", after: pods.revision }, sinks[1]!);
  await pods.watch({ match: app("web"), after: pods.revision }, sinks[2]!);
  await put(storage, key("a"), "n1 web");
  let made = 0;
  const encodings = sinks.map((sink) =>
    sink.all[0]!.encoded("json", (event) => bytes(`${event.type} ${++made}`))
  );
  assert.equal(made, 1);
  assert.equal(encodings[0], encodings[2]);
  sinks[0]!.all[0]!.encoded("table", () => bytes(`${++made}`));
  assert.equal(made, 2);
});

Deno.test("WatchCache waitFor() tells when a revision is seen, or that it was not", async () => {
  const { storage, clock, pods } = await setUp();
  const next = pods.revision + 1 as Revision;
  assert.equal(await pods.waitFor(pods.revision, 0), true);
  const seen = pods.waitFor(next, 3000);
  const unseen = pods.waitFor(next + 5 as Revision, 3000);
  await put(storage, key("a"), "n1 web");
  assert.equal(await seen, true);
  await clock.advance(3000);
  assert.equal(await unseen, false);
  assert.equal(clock.nextDue, undefined);
});

Deno.test("WatchCache takes resources that come while it runs", async () => {
  const { storage, cache } = await setUp();
  await put(storage, "/registry/example.com/widgets/default/w1", "n1 web");
  const widgets = cache.resource(podOptions({ prefix: "/registry/example.com/widgets/" }));
  assert.equal(widgets.get("/registry/example.com/widgets/default/w1")?.name, "w1");
  const sink = new Sink();
  const watching = widgets.watch({ initialEvents: true }, sink);
  await put(storage, "/registry/example.com/widgets/default/w2", "n1 web");
  await watching;
  await put(storage, "/registry/example.com/widgets/default/w3", "n1 web");
  assert.deepEqual(sink.all.map((event) => event.entry.name), ["w1", "w2", "w3"]);
  cache.remove("/registry/example.com/widgets/");
  assert.equal(sink.end?.code, "Closed");
  await refused(widgets.list({}), "Closed");
});

Deno.test("WatchCache ends its watches and refuses queries when the storage closes", async () => {
  const { storage, pods } = await setUp();
  const sink = new Sink();
  await pods.watch({}, sink);
  await storage.close();
  assert.equal(sink.end?.code, "Closed");
  await refused(pods.list({}), "Closed");
  await refused(pods.watch({}, new Sink()), "Closed");
});

Deno.test("WatchCache keeps at most so many bytes of the past", async () => {
  const storage = new MemoryStorage({ historyLength: 10 });
  const cache = new WatchCache(storage, { clock: new FakeClock(), historyBytes: 10_000 });
  const pods: ResourceCache = cache.resource(podOptions());
  await cache.start();
  const revisions: Revision[] = [];
  for (let i = 0; i < 100; i++) {
    revisions.push((await put(storage, key("a"), `n1 web ${"x".repeat(992)}`)).revision);
  }
  await pods.watch({ after: revisions[89]! }, new Sink());
  await refused(pods.watch({ after: revisions[88]! }, new Sink()), "Compacted");
});
