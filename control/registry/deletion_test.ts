import assert from "node:assert/strict";
import { daemonSet } from "../../shared/api/apps/v1/daemon_set.ts";
import { pod } from "../../shared/api/core/v1/pod.ts";
import type { KindDefinition, KubeObject } from "../../shared/api/kind.ts";
import type { DeleteOptions } from "../../shared/meta/types.gen.ts";
import { isDeletionComplete, planDeletion } from "./deletion.ts";

const now = Date.parse("2026-01-02T03:04:05Z");
const pods = pod as unknown as KindDefinition;
const sets = daemonSet as unknown as KindDefinition;

interface Case {
  readonly title: string;
  readonly kind?: KindDefinition;
  readonly metadata?: Partial<KubeObject["metadata"]>;
  readonly spec?: Record<string, unknown>;
  readonly options?: Partial<DeleteOptions>;
  readonly want: { readonly action: string } & Partial<KubeObject["metadata"]>;
}

const scheduled = { nodeName: "n", terminationGracePeriodSeconds: 30 };
const cases: readonly Case[] = [
  {
    title: "removes a pod that runs nowhere, marked as deleted",
    want: {
      action: "remove",
      generation: 2,
      deletionTimestamp: "2026-01-02T03:04:05Z",
      deletionGracePeriodSeconds: 0,
    },
  },
  {
    title: "gives a running pod its grace period",
    spec: scheduled,
    want: {
      action: "update",
      generation: 2,
      deletionTimestamp: "2026-01-02T03:04:35Z",
      deletionGracePeriodSeconds: 30,
    },
  },
  {
    title: "removes a running pod at once if asked to",
    spec: scheduled,
    options: { gracePeriodSeconds: 0 },
    want: { action: "remove", deletionGracePeriodSeconds: 0 },
  },
  {
    title: "waits for the finalizers of a pod that runs nowhere",
    metadata: { finalizers: ["a.example/b"] },
    want: { action: "update", deletionGracePeriodSeconds: 0, finalizers: ["a.example/b"] },
  },
  {
    title: "does nothing about a pod that is going already",
    spec: scheduled,
    metadata: { deletionTimestamp: "2026-01-02T03:04:30Z", deletionGracePeriodSeconds: 30 },
    want: { action: "none", generation: 1, deletionTimestamp: "2026-01-02T03:04:30Z" },
  },
  {
    title: "shortens the grace of a pod that is going, without counting it as another change",
    spec: scheduled,
    metadata: { deletionTimestamp: "2026-01-02T03:04:30Z", deletionGracePeriodSeconds: 30 },
    options: { gracePeriodSeconds: 5 },
    want: { action: "update", generation: 1, deletionTimestamp: "2026-01-02T03:04:05Z" },
  },
  {
    title: "comes to the end of a removal that was begun",
    spec: scheduled,
    metadata: { deletionTimestamp: "2026-01-02T03:04:05Z", deletionGracePeriodSeconds: 0 },
    want: { action: "remove", generation: 1 },
  },
  { title: "removes an object without grace at once", kind: sets, want: { action: "remove" } },
  {
    title: "leaves a finalizer for the collector of a foreground deletion",
    kind: sets,
    options: { propagationPolicy: "Foreground" },
    want: { action: "update", finalizers: ["foregroundDeletion"], deletionGracePeriodSeconds: 0 },
  },
];

for (const { title, kind = pods, metadata, spec = {}, options = {}, want } of cases) {
  Deno.test(`planDeletion() ${title}`, () => {
    const object = {
      apiVersion: "v1",
      kind: kind.kind,
      metadata: { name: "a", generation: 1, ...metadata },
      spec,
    } as KubeObject;
    const { action } = planDeletion(kind, object, { options, now });
    const { action: wanted, ...rest } = want;
    assert.equal(action, wanted);
    for (const [key, value] of Object.entries(rest)) {
      assert.deepEqual((object.metadata as Record<string, unknown>)[key], value, key);
    }
    if (action === "remove" && kind === pods) assert.ok(isDeletionComplete(object));
  });
}

Deno.test("planDeletion() refuses when the uid is another one", () => {
  const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "a", uid: "1" } } as KubeObject;
  const options = { preconditions: { uid: "2" } };
  assert.throws(() => planDeletion(pods, object, { options, now }), { reason: "Conflict" });
});
