import assert from "node:assert/strict";
import { ClusterModel } from "../model/cluster_model.ts";
import { makeNode, makePod } from "../testing/harness.ts";
import { randomCluster } from "../testing/random_cluster.ts";
import { allChanges } from "../testing/all_changes.ts";
import { type Change, changed } from "./change.ts";
import { describeChange } from "./describe.ts";
import { explain } from "./explain.ts";

/** Whether the changes let the pod run, by objects that were changed and read anew. */
function helps(cluster: ReturnType<typeof randomCluster>, changes: readonly Change[]) {
  const after = changed(cluster, cluster.pod, changes);
  const model = new ClusterModel(after.cluster);
  if (after.pod.spec?.schedulingGates?.length) return [];
  return model.judge(after.pod).feasible.map(({ name }) => name);
}

Deno.test("explain() suggests nothing that would not help, on random clusters", () => {
  let checked = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const cluster = randomCluster(seed);
    if (seed % 10 === 0) cluster.pod.spec!.schedulingGates = [{ name: "example.com/hold" }];
    const { fits, suggestions } = explain(cluster, cluster.pod, { maxTrials: 3000 });
    assert.deepEqual([...fits].sort(), [...helps(cluster, [])].sort(), `seed ${seed}`);
    for (const { node, changes } of suggestions) {
      assert.ok(helps(cluster, changes).includes(node), `seed ${seed}: ${JSON.stringify(changes)}`);
      checked++;
    }
  }
  assert.ok(checked > 150, `only ${checked} suggestions to check`);
});

Deno.test("explain() suggests the fewest changes, compared with all sets of them on small clusters", () => {
  let checked = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const cluster = randomCluster(seed, { maxNodes: 6, maxPods: 8 });
    const { fits, suggestions, isPartial } = explain(cluster, cluster.pod);
    if (fits.length > 0 || isPartial) continue;
    const size = suggestions[0]?.changes.length;
    for (const { metadata: { name = "" } } of cluster.nodes) {
      const universe = allChanges(cluster, cluster.pod, name);
      for (const smaller of subsets(universe, Math.min((size ?? 3) - 1, 2))) {
        const isEnough = helps(cluster, smaller).includes(name);
        assert.ok(!isEnough, `seed ${seed}: ${JSON.stringify({ name, smaller, suggestions })}`);
      }
    }
    checked++;
  }
  assert.ok(checked > 40, `only ${checked} clusters to check`);
});

Deno.test("explain() says which nodes a reason excludes, and how much is too much", () => {
  const nodes = [
    makeNode("a", { cpu: "2" }),
    makeNode("b", { cpu: "1", spec: { unschedulable: true } }),
  ];
  const pods = [makePod("old", { cpu: "1500m", nodeName: "a" })];
  const { reasons, suggestions } = explain({ nodes, pods }, makePod("new", { cpu: "1" }));
  assert.deepEqual(reasons, [
    { reason: "Insufficient cpu", plugin: "NodeResourcesFit", nodes: ["a"] },
    { reason: "node(s) were unschedulable", plugin: "NodeUnschedulable", nodes: ["b"] },
  ]);
  assert.deepEqual(
    suggestions.map(({ node, changes }) => `${node}: ${changes.map(describeChange).join(", ")}`),
    [
      "a: request 500m less cpu (500m instead of 1)",
      "a: remove pod shop/old",
      "b: uncordon node b",
      "b: add the toleration node.kubernetes.io/unschedulable:NoSchedule",
    ],
  );
});

/** All sets of at most `most` of `items`, the empty one included. */
function* subsets<T>(items: readonly T[], most: number, from = 0): Iterable<readonly T[]> {
  yield [];
  if (most === 0) return;
  for (let index = from; index < items.length; index++) {
    for (const rest of subsets(items, most - 1, index + 1)) yield [items[index]!, ...rest];
  }
}
