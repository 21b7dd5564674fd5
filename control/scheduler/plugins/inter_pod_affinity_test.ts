import assert from "node:assert/strict";
import type { Affinity, Pod, PodAffinityTerm } from "../../../shared/api/core/v1/types.gen.ts";
import { PodInfo } from "../cache/pod_info.ts";
import { makeNode, makePod } from "../testing/harness.ts";
import { PluginFixture, storedNamespace } from "../testing/plugin_fixture.ts";
import { interPodAffinity } from "./inter_pod_affinity.ts";

const zone = "zone";
const hostname = "kubernetes.io/hostname";
const far = "node(s) didn't match pod anti-affinity rules";
const lonely = "! node(s) didn't match pod affinity rules";
const repelled = "node(s) didn't satisfy existing pods anti-affinity rules";

function term(app: string, more: Partial<PodAffinityTerm> = {}): PodAffinityTerm {
  return { topologyKey: zone, labelSelector: { matchLabels: { app } }, ...more };
}
function near(...terms: PodAffinityTerm[]): Affinity {
  return { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
}
function away(...terms: PodAffinityTerm[]): Affinity {
  return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
}
function pod(
  name: string,
  app: string,
  more: { affinity?: Affinity; nodeName?: string } = {},
): Pod {
  return makePod(name, { metadata: { labels: { app } }, ...more });
}

const nodes = [
  makeNode("a1", { labels: { zone: "a" } }),
  makeNode("a2", { labels: { zone: "a" } }),
  makeNode("b1", { labels: { zone: "b" } }),
];
const cache = pod("cache", "cache", { nodeName: "a1" });

const cases: readonly {
  title: string;
  placed?: Pod[];
  pod: Pod;
  want: [string, string, string];
}[] = [
  {
    title: "goes near to what it wants",
    placed: [cache],
    pod: pod("p", "web", { affinity: near(term("cache")) }),
    want: ["", "", lonely],
  },
  {
    title: "goes nowhere if that is nowhere",
    pod: pod("p", "web", { affinity: near(term("cache")) }),
    want: [lonely, lonely, lonely],
  },
  {
    title: "lets the first of a group go anywhere",
    pod: pod("p", "web", { affinity: near(term("web")) }),
    want: ["", "", ""],
  },
  {
    title: "wants one pod that matches all terms",
    placed: [cache],
    pod: pod("p", "web", { affinity: near(term("cache"), term("db")) }),
    want: [lonely, lonely, lonely],
  },
  {
    title: "stays away",
    placed: [cache],
    pod: pod("p", "web", { affinity: away(term("cache")) }),
    want: [far, far, ""],
  },
  {
    title: "stays away within a host",
    placed: [cache],
    pod: pod("p", "web", { affinity: away(term("cache", { topologyKey: hostname })) }),
    want: [far, "", ""],
  },
  {
    title: "is kept away by placed pods",
    placed: [pod("db", "db", { nodeName: "b1", affinity: away(term("web")) })],
    pod: pod("p", "web"),
    want: ["", "", repelled],
  },
  {
    title: "sees its own namespace alone",
    placed: [cache],
    pod: pod("p", "web", { affinity: away(term("cache", { namespaces: ["other"] })) }),
    want: ["", "", ""],
  },
  {
    title: "sees all namespaces with an empty selector",
    placed: [cache],
    pod: pod("p", "web", { affinity: away(term("cache", { namespaceSelector: {} })) }),
    want: [far, far, ""],
  },
  {
    title: "sees namespaces by their labels",
    placed: [cache],
    pod: pod("p", "web", {
      affinity: away(term("cache", { namespaceSelector: { matchLabels: { team: "x" } } })),
    }),
    want: [far, far, ""],
  },
  {
    title: "leaves out pods with its own value of mismatchLabelKeys",
    placed: [cache],
    pod: pod("p", "cache", {
      affinity: away({ topologyKey: zone, labelSelector: {}, mismatchLabelKeys: ["app"] }),
    }),
    want: ["", "", ""],
  },
];
for (const { title, placed = [], pod: incoming, want } of cases) {
  Deno.test(`InterPodAffinity filter(): a pod ${title}`, () => {
    const objects = [storedNamespace("shop", { team: "x" })];
    const fixture = new PluginFixture(interPodAffinity, { nodes, pods: placed, objects });
    const verdicts = fixture.verdicts(incoming);
    assert.deepEqual([verdicts["a1"], verdicts["a2"], verdicts["b1"]], want);
  });
}

Deno.test("InterPodAffinity forgets the terms of pods that are gone", () => {
  const placed = pod("db", "db", { nodeName: "b1", affinity: away(term("web")) });
  const fixture = new PluginFixture(interPodAffinity, { nodes, pods: [placed] });
  fixture.cache.removePod("uid-db");
  assert.deepEqual(fixture.verdicts(pod("p", "web")), { a1: "", a2: "", b1: "" });
});

Deno.test("InterPodAffinity update() tries pods away and back", () => {
  const fixture = new PluginFixture(interPodAffinity, { nodes, pods: [cache] });
  const { plugin } = fixture;
  const incoming = new PodInfo(pod("p", "web", { affinity: away(term("cache")) }));
  const result = plugin.preFilter!(incoming) as { state: unknown };
  const copy = plugin.cloneState!(result.state);
  const node = fixture.cache.node("a1")!;
  const other = new PodInfo(cache);
  plugin.update!(copy, { pod: incoming, other, node, by: -1 });
  assert.equal(plugin.filter!(incoming, node, copy).code, "Success");
  plugin.update!(copy, { pod: incoming, other, node, by: 1 });
  assert.equal(plugin.filter!(incoming, node, copy).code, "Unschedulable");
});

Deno.test("InterPodAffinity score() weighs what the pod and the placed pods prefer", () => {
  const prefers = (kind: "podAffinity" | "podAntiAffinity", weight: number, app: string) => ({
    [kind]: {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term(app) }],
    },
  });
  const fixture = new PluginFixture(interPodAffinity, { nodes, pods: [cache] });
  const drawn = pod("p", "web", { affinity: prefers("podAffinity", 50, "cache") });
  assert.deepEqual(fixture.scores(drawn), { a1: 100, a2: 100, b1: 0 });
  const shy = pod("p", "web", { affinity: prefers("podAntiAffinity", 50, "cache") });
  assert.deepEqual(fixture.scores(shy), { a1: 0, a2: 0, b1: 100 });
  assert.equal(fixture.scores(pod("p", "web")), undefined);
  const host = pod("db", "db", { nodeName: "b1", affinity: prefers("podAffinity", 5, "web") });
  fixture.cache.setPod(new PodInfo(host));
  assert.deepEqual(fixture.scores(pod("p", "web")), { a1: 0, a2: 0, b1: 100 });
});
