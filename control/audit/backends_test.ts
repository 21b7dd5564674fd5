import assert from "node:assert/strict";
import type { Transport } from "../../shared/client/transport.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";
import { batching } from "./batching.ts";
import type { AuditBackend, AuditEvent } from "./event.ts";
import { truncating } from "./truncating.ts";
import { webhookBackend } from "./webhook_backend.ts";

function event(auditID: string, more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Request",
    auditID,
    stage: "ResponseComplete",
    requestURI: "/",
    verb: "get",
    user: {},
    requestReceivedTimestamp: "",
    stageTimestamp: "",
    ...more,
  };
}

function counting() {
  const lost: Record<string, number> = {};
  const failed = (plugin: string, count: number) =>
    void (lost[plugin] = (lost[plugin] ?? 0) + count);
  return { lost, metrics: { event() {}, level() {}, rejected() {}, failed } };
}

function recording(): AuditBackend & { readonly batches: string[][]; closed: boolean } {
  const batches: string[][] = [];
  return {
    name: "recording",
    batches,
    closed: false,
    process(events) {
      batches.push(events.map(({ auditID }) => auditID));
      return true;
    },
    close() {
      this.closed = true;
      return Promise.resolve();
    },
  };
}

function batched(more: { bufferSize?: number; throttle?: { qps: number; burst: number } } = {}) {
  const clock = new FakeClock();
  const inner = recording();
  const { lost, metrics } = counting();
  const options = {
    bufferSize: 100,
    maxBatchSize: 2,
    maxWaitMs: 1000,
    clock,
    log: silentLog,
    metrics,
  };
  return { clock, inner, lost, backend: batching(inner, { ...options, ...more }) };
}

Deno.test("batching() sends a full batch at once and the rest after its wait", async () => {
  const { backend, inner, clock } = batched();
  for (const id of ["1", "2", "3"]) backend.process([event(id)]);
  await clock.advance(0);
  assert.deepEqual(inner.batches, [["1", "2"]]);
  await clock.advance(1000);
  assert.deepEqual(inner.batches, [["1", "2"], ["3"]]);
});

Deno.test("batching() loses and counts what its buffer has no room for", () => {
  const { backend, lost } = batched({ bufferSize: 1 });
  backend.process([event("1"), event("2"), event("3")]);
  assert.deepEqual(lost, { buffered: 2 });
});

Deno.test("batching() sends what waits before it closes", async () => {
  const { backend, inner } = batched();
  backend.process([event("1")]);
  await backend.close();
  assert.deepEqual(inner.batches, [["1"]]);
  assert.equal(inner.closed, true);
});

Deno.test("batching() keeps to its throttle once the burst is used up", async () => {
  const { backend, inner, clock } = batched({ throttle: { qps: 1, burst: 2 } });
  backend.process(Array.from({ length: 8 }, (_, i) => event(String(i))));
  await clock.advance(0);
  assert.equal(inner.batches.length, 2);
  await clock.advance(1000);
  assert.equal(inner.batches.length, 3);
  await clock.advance(1000);
  assert.equal(inner.batches.length, 4);
});

Deno.test("truncating() takes the objects out of a large event, and loses one that is too large even so", async () => {
  const { lost, metrics } = counting();
  const kept: AuditEvent[] = [];
  const sink: AuditBackend = {
    name: "sink",
    process: (events) => kept.push(...events) > 0,
    close: () => Promise.resolve(),
  };
  const backend = truncating(sink, { maxEventSize: 500, maxBatchSize: 5000, metrics });
  await backend.process([
    event("small", { requestObject: { a: 1 } }),
    event("large", { requestObject: { a: "x".repeat(500) } }),
    event("hopeless", { requestURI: "x".repeat(500) }),
  ]);
  assert.deepEqual(
    kept.map(({ auditID, requestObject, annotations }) => ({
      auditID,
      requestObject,
      annotations,
    })),
    [
      { auditID: "small", requestObject: { a: 1 }, annotations: undefined },
      {
        auditID: "large",
        requestObject: undefined,
        annotations: { "audit.k8s.io/truncated": "true" },
      },
    ],
  );
  assert.deepEqual(lost, { truncate: 1 });
});

Deno.test("truncating() hands events on in batches of bounded size", async () => {
  const { metrics } = counting();
  const inner = recording();
  const size = JSON.stringify(event("1")).length;
  const backend = truncating(inner, { maxEventSize: size, maxBatchSize: 2 * size, metrics });
  await backend.process([event("1"), event("2"), event("3")]);
  assert.deepEqual(inner.batches, [["1", "2"], ["3"]]);
});

function webhook(statuses: readonly number[], strict = false) {
  const clock = new FakeClock();
  const bodies: string[] = [];
  const { lost, metrics } = counting();
  const transport: Transport = {
    send({ body }) {
      bodies.push(body!);
      const status = statuses[Math.min(bodies.length, statuses.length) - 1]!;
      return Promise.resolve({ status, text: () => Promise.resolve(""), async *stream() {} });
    },
  };
  const backend = webhookBackend({
    transport,
    strict,
    initialBackoffMs: 1000,
    clock,
    random: seededRandom(1),
    log: silentLog,
    metrics,
  });
  return { backend, bodies, lost, clock };
}

Deno.test("webhookBackend() sends an EventList", async () => {
  const { backend, bodies } = webhook([200]);
  assert.equal(await backend.process([event("1"), event("2")]), true);
  const list = JSON.parse(bodies[0]!);
  assert.equal(list.kind, "EventList");
  assert.equal(list.apiVersion, "audit.k8s.io/v1");
  assert.deepEqual(list.items.map((item: AuditEvent) => [item.auditID, item.kind]), [[
    "1",
    undefined,
  ], ["2", undefined]]);
});

Deno.test("webhookBackend() tries again when it fails, whatever the failure", async () => {
  const { backend, bodies, clock } = webhook([500, 404, 200]);
  const kept = backend.process([event("1")]);
  await clock.advance(0);
  await clock.advance(10_000);
  assert.equal(await kept, true);
  assert.equal(bodies.length, 3);
});

for (const strict of [false, true]) {
  Deno.test(`webhookBackend() gives up after five times${strict ? ", and fails the request if strict" : ""}`, async () => {
    const { backend, bodies, lost, clock } = webhook([503], strict);
    const kept = backend.process([event("1")]);
    await clock.advance(0);
    await clock.advance(60_000);
    assert.equal(await kept, !strict);
    assert.equal(bodies.length, 5);
    assert.deepEqual(lost, { webhook: 1 });
  });
}
