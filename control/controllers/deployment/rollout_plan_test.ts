import assert from "node:assert/strict";
import type { Deployment, ReplicaSet } from "../../../shared/api/apps/v1/types.gen.ts";
import { replicaSetOf, templateOf } from "../testing/objects.ts";
import {
  nextCurrentSize,
  scaleAll,
  scaleDownOld,
  setsToForget,
  surgeOf,
  unavailableOf,
} from "./rollout_plan.ts";

function deployment(
  replicas: number,
  maxSurge: number | string = "25%",
  maxUnavailable: number | string = "25%",
): Deployment {
  return {
    kind: "Deployment",
    apiVersion: "apps/v1",
    metadata: { name: "web" },
    spec: {
      replicas,
      selector: {},
      template: templateOf("web"),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } },
    },
  };
}

function set(name: string, replicas: number, availableReplicas = replicas): ReplicaSet {
  return { ...replicaSetOf(name, replicas), status: { replicas, availableReplicas } };
}

Deno.test("surgeOf() and unavailableOf() round up and down, and never both to nothing", () => {
  const cases: [Deployment, number, number][] = [
    [deployment(10), 3, 2],
    [deployment(1), 1, 0],
    [deployment(3, 0, "10%"), 0, 1],
    [deployment(0, "50%", "50%"), 0, 0],
    [deployment(2, 0, 5), 0, 2],
  ];
  for (const [d, surge, unavailable] of cases) {
    assert.deepEqual([surgeOf(d), unavailableOf(d)], [surge, unavailable]);
  }
});

Deno.test("nextCurrentSize() grows into the room that the surge leaves", () => {
  assert.equal(nextCurrentSize(deployment(10), 0, [set("old", 10)]), 3);
  assert.equal(nextCurrentSize(deployment(10), 3, [set("old", 8)]), 5);
  assert.equal(nextCurrentSize(deployment(10), 5, [set("old", 9)]), 5);
  assert.equal(nextCurrentSize(deployment(10), 0, []), 10);
  assert.equal(nextCurrentSize(deployment(2), 5, []), 2);
});

Deno.test("scaleDownOld() takes unavailable pods first and keeps what must be available", () => {
  const plan = (d: Deployment, current: ReplicaSet, ...old: ReplicaSet[]) =>
    scaleDownOld(d, { current, old }).map((s) => `${s.set.metadata.name}=${s.replicas}`);
  assert.deepEqual(plan(deployment(10), set("new", 3, 0), set("old", 10)), ["old=8"]);
  assert.deepEqual(plan(deployment(10), set("new", 5, 0), set("old", 8)), []);
  assert.deepEqual(plan(deployment(10), set("new", 3, 3), set("a", 4, 0), set("b", 6)), [
    "a=0",
    "b=5",
  ]);
  assert.deepEqual(plan(deployment(10), set("new", 10, 10), set("old", 3)), ["old=0"]);
});

Deno.test("scaleAll() spreads a change of size over the active sets", () => {
  const plan = (d: Deployment, max: number, current: ReplicaSet, ...old: ReplicaSet[]) =>
    scaleAll(d, { current, old }, () => max).map((s) => `${s.set.metadata.name}=${s.replicas}`);
  assert.deepEqual(plan(deployment(5), 10, set("new", 3)), ["new=5"]);
  assert.deepEqual(plan(deployment(20, 0, 1), 10, set("new", 4), set("old", 6)), [
    "old=12",
    "new=8",
  ]);
  assert.deepEqual(plan(deployment(5, 0, 1), 10, set("new", 4), set("old", 6)), [
    "old=3",
    "new=2",
  ]);
  assert.deepEqual(plan(deployment(0, 0, 1), 10, set("new", 4), set("old", 6)), [
    "old=0",
    "new=0",
  ]);
  assert.deepEqual(plan(deployment(4, 0, 1), 4, set("new", 4), set("old", 1)), ["old=0"]);
});

Deno.test("setsToForget() gives up the lowest revisions beyond the limit, if nothing is left of them", () => {
  const d = deployment(1);
  d.spec.revisionHistoryLimit = 1;
  const old = ["1", "2", "3"].map((name) => set(name, 0));
  const revision = (s: ReplicaSet) => Number(s.metadata.name);
  const names = () => setsToForget(d, old, revision).map((s) => s.metadata.name);
  assert.deepEqual(names(), ["1", "2"]);
  old[0]!.status!.replicas = 1;
  assert.deepEqual(names(), ["2"]);
});
