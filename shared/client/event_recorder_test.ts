import assert from "node:assert/strict";
import type { Event, Pod } from "../api/core/v1/types.gen.ts";
import { FakeClock, settle } from "../clock/fake_clock.ts";
import { seededRandom } from "../clock/random.ts";
import { silentLog } from "../log/log.ts";
import { StatusError } from "../meta/status_error.ts";
import type { Client } from "./client.ts";
import { eventRecorder } from "./event_recorder.ts";

const pod = {
  kind: "Pod",
  apiVersion: "v1",
  metadata: { namespace: "shop", name: "web", uid: "u1", resourceVersion: "3" },
} as Pod;

function setup(fail: () => Error | undefined = () => undefined) {
  const created: Event[] = [];
  const patched: { name: string; count: number; message: string }[] = [];
  const client = {
    create: (_: unknown, event: Event) => {
      const error = fail();
      if (error) return Promise.reject(error);
      created.push(event);
      return Promise.resolve(event);
    },
    patch: (_: unknown, ref: { name: string }, patch: { count: number; message: string }) => {
      patched.push({ name: ref.name, count: patch.count, message: patch.message });
      return Promise.resolve({});
    },
  } as unknown as Client;
  const clock = new FakeClock();
  const recorder = eventRecorder(client, {
    clock,
    random: seededRandom(1),
    log: silentLog,
    component: "kubelet",
    host: "node-1",
  });
  return { created, patched, clock, recorder };
}

Deno.test("eventRecorder() writes a core/v1 Event about the object", async () => {
  const { created, recorder } = setup();
  recorder.event(pod, "Normal", "Pulled", "image there", { fieldPath: "spec.containers{web}" });
  await settle();
  const { metadata, ...event } = created[0]!;
  assert.match(metadata.name!, /^web\.[0-9a-f]{16}$/);
  assert.deepEqual(event, {
    kind: "Event",
    apiVersion: "v1",
    involvedObject: {
      kind: "Pod",
      apiVersion: "v1",
      name: "web",
      namespace: "shop",
      uid: "u1",
      resourceVersion: "3",
      fieldPath: "spec.containers{web}",
    },
    reason: "Pulled",
    message: "image there",
    source: { component: "kubelet", host: "node-1" },
    firstTimestamp: "2026-01-01T00:00:00Z",
    lastTimestamp: "2026-01-01T00:00:00Z",
    count: 1,
    type: "Normal",
    reportingComponent: "kubelet",
    reportingInstance: "node-1",
  });
});

Deno.test("eventRecorder() counts repeats in the first event, whatever the object's version", async () => {
  const { created, patched, recorder } = setup();
  for (const resourceVersion of ["3", "4", "5"]) {
    const about = { ...pod, metadata: { ...pod.metadata, resourceVersion } };
    recorder.event(about, "Warning", "BackOff", "again");
    await settle();
  }
  assert.equal(created.length, 1);
  assert.deepEqual(patched.map(({ count }) => count), [2, 3]);
  assert.equal(patched[0]!.name, created[0]!.metadata.name);
});

Deno.test("eventRecorder() combines many messages of one reason", async () => {
  const { created, patched, recorder } = setup();
  for (let i = 0; i < 15; i++) recorder.event(pod, "Normal", "Killing", `container ${i}`);
  await settle();
  assert.equal(created.length, 11);
  assert.equal(created[10]!.message, "(combined from similar events): container 10");
  assert.deepEqual(patched.map(({ count }) => count), [2, 3, 4, 5]);
});

Deno.test("eventRecorder() lets 25 of one object through, then one in five minutes", async () => {
  const { patched, clock, recorder } = setup();
  for (let i = 0; i < 40; i++) recorder.event(pod, "Normal", "Same", "same");
  await settle();
  assert.equal(patched.length, 24);
  assert.equal(recorder.dropped, 15);
  await clock.advance(300_000);
  recorder.event(pod, "Normal", "Same", "same");
  await settle();
  assert.equal(patched.length, 25);
});

Deno.test("eventRecorder() waits for a server that is away, drops what one refuses, and bounds the queue", async () => {
  let error: Error | undefined = new Error("no answer");
  const { created, clock, recorder } = setup(() => error);
  for (let i = 0; i < 1100; i++) {
    const about = { ...pod, metadata: { name: `p${i}`, namespace: "shop" } };
    recorder.event(about, "Normal", "Created", "x");
  }
  await settle();
  assert.equal(recorder.dropped, 99);
  error = undefined;
  await clock.advance(10_000);
  assert.equal(created.length, 1001);
  error = new StatusError("Forbidden", "namespace is being terminated");
  recorder.event(pod, "Normal", "Created", "y");
  await settle();
  assert.equal(recorder.dropped, 100);
});
