import assert from "node:assert/strict";
import type { Pod, TopologySpreadConstraint } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { PodInfo } from "../cache/pod_info.ts";
import { makeNode, makePod } from "../testing/harness.ts";
import { PluginFixture, stored } from "../testing/plugin_fixture.ts";
import { podTopologySpread } from "./pod_topology_spread.ts";

const zone = "topology.kubernetes.io/zone";
const labels = { app: "web" };
const skewed = "node(s) didn't match pod topology spread constraints";

function zonal(name: string, value: string, taints: { key: string; effect: string }[] = []) {
  return makeNode(name, { labels: { [zone]: value }, spec: { taints } });
}
function placed(name: string, nodeName: string, own: Record<string, string> = labels): Pod {
  return makePod(name, { nodeName, metadata: { labels: own } });
}
function spreading(given: Partial<TopologySpreadConstraint>, own: Record<string, string> = labels) {
  return makePod("p", {
    metadata: { labels: own },
    topologySpreadConstraints: [{
      maxSkew: 1,
      topologyKey: zone,
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: labels },
      ...given,
    }],
  });
}

const nodes = [zonal("a1", "a"), zonal("a2", "a"), zonal("b1", "b")];
const pods = [placed("w1", "a1"), placed("w2", "a2"), placed("w3", "b1"), placed("x", "b1", {})];
const cases: readonly { title: string; pod: Pod; want: Record<string, string> }[] = [
  { title: "keeps the skew", pod: spreading({}), want: { a1: skewed, a2: skewed, b1: "" } },
  {
    title: "allows a larger skew",
    pod: spreading({ maxSkew: 2 }),
    want: { a1: "", a2: "", b1: "" },
  },
  {
    title: "does not count a pod that its own selector leaves out",
    pod: spreading({}, { app: "other" }),
    want: { a1: "", a2: "", b1: "" },
  },
  {
    title: "takes missing domains as empty up to minDomains",
    pod: spreading({ minDomains: 3 }),
    want: { a1: skewed, a2: skewed, b1: skewed },
  },
  {
    title: "counts by the pod's own values of matchLabelKeys",
    pod: spreading({ matchLabelKeys: ["rev"] }, { ...labels, rev: "2" }),
    want: { a1: "", a2: "", b1: "" },
  },
  {
    title: "refuses nodes without the label",
    pod: spreading({ topologyKey: "rack" }),
    want: Object.fromEntries(["a1", "a2", "b1"].map((name) => [
      name,
      "! node(s) didn't match pod topology spread constraints (missing required label)",
    ])),
  },
];
for (const { title, pod, want } of cases) {
  Deno.test(`PodTopologySpread filter() ${title}`, () => {
    const fixture = new PluginFixture(podTopologySpread, { nodes, pods });
    assert.deepEqual(fixture.verdicts(pod), want);
  });
}

Deno.test("PodTopologySpread filter() leaves out domains as the inclusion policies say", () => {
  const tainted = zonal("c1", "c", [{ key: "k", effect: "NoSchedule" }]);
  const fixture = new PluginFixture(podTopologySpread, {
    nodes: [zonal("a1", "a"), zonal("b1", "b"), tainted],
    pods: [placed("w1", "a1"), placed("w2", "b1")],
  });
  const at = (pod: Pod) => fixture.verdicts(pod)["a1"];
  assert.equal(at(spreading({})), skewed, "the tainted zone c counts as empty");
  assert.equal(at(spreading({ nodeTaintsPolicy: "Honor" })), "");
  const inA = spreading({ nodeTaintsPolicy: "Honor" });
  inA.spec!.nodeSelector = { [zone]: "a" };
  assert.equal(at(inA), "");
  const ignoring = spreading({ nodeAffinityPolicy: "Ignore" });
  ignoring.spec!.nodeSelector = { [zone]: "a" };
  assert.equal(at(ignoring), skewed);
});

Deno.test("PodTopologySpread does not count pods that are leaving", () => {
  const fixture = new PluginFixture(podTopologySpread, { nodes, pods: pods.slice(0, 3) });
  const leaving = placed("w1", "a1");
  leaving.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
  fixture.cache.setPod(new PodInfo(leaving));
  assert.deepEqual(fixture.verdicts(spreading({})), { a1: "", a2: "", b1: "" });
});

Deno.test("PodTopologySpread update() moves counts in a copy alone", () => {
  const { plugin, cache } = new PluginFixture(podTopologySpread, { nodes, pods });
  const pod = new PodInfo(spreading({}));
  const result = plugin.preFilter!(pod);
  assert.equal(result.code, "Success");
  const state = (result as { state: unknown }).state;
  const copy = plugin.cloneState!(state);
  const node = cache.node("a1")!;
  plugin.update!(copy, { pod, other: new PodInfo(pods[0]!), node, by: -1 });
  assert.equal(plugin.filter!(pod, node, copy).code, "Success");
  assert.equal(plugin.filter!(pod, node, state).code, "Unschedulable");
});

Deno.test("PodTopologySpread score() prefers emptier domains for soft constraints", () => {
  const fixture = new PluginFixture(podTopologySpread, {
    nodes: [zonal("a1", "a"), zonal("b1", "b"), makeNode("none")],
    pods: [placed("w1", "a1"), placed("w2", "a1")],
  });
  const scores = fixture.scores(spreading({ whenUnsatisfiable: "ScheduleAnyway" }));
  // Two domains: weight ln 4, so a scores round(2 × 1.386) = 3, and b 0; what is in no domain comes last.
  assert.deepEqual(scores, { a1: 0, none: 0, b1: 100 });
});

Deno.test("PodTopologySpread score() spreads the pods of a ReplicaSet or Service by default", () => {
  const set = stored(resources.replicasets, {
    metadata: { name: "web", namespace: "shop", uid: "web" },
    spec: { selector: { matchLabels: labels } },
  });
  const service = stored(resources.services, {
    metadata: { name: "web", namespace: "shop" },
    spec: { selector: labels },
  });
  const owned = makePod("p", {
    metadata: {
      labels,
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "web", controller: true },
      ],
    },
  });
  const options = { nodes: [zonal("a1", "a"), zonal("b1", "b")], pods: [placed("w", "a1")] };
  const byOwner = new PluginFixture(podTopologySpread, { ...options, objects: [set] });
  const byService = new PluginFixture(podTopologySpread, { ...options, objects: [service] });
  const alone = new PluginFixture(podTopologySpread, options);
  for (const scores of [byOwner.scores(owned), byService.scores(owned)]) {
    assert.ok(scores!["a1"]! < scores!["b1"]!);
  }
  assert.equal(alone.scores(owned), undefined);
});
