import assert from "node:assert/strict";
import type { Node, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { PodDisruptionBudget } from "../../../shared/api/policy/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { Nominations } from "../cache/nominations.ts";
import { PodInfo } from "../cache/pod_info.ts";
import { Placer } from "../schedule_one.ts";
import { defaultPluginArgs } from "../configuration/plugin_args.ts";
import { profileOf } from "../profile.ts";
import { makeNode, makePod, type PodOptions } from "../testing/harness.ts";
import { PluginFixture, stored } from "../testing/plugin_fixture.ts";
import { defaultBinder } from "./default_binder.ts";
import { defaultPreemption } from "./default_preemption.ts";
import { nodeAffinity } from "./node_affinity.ts";
import { nodeResourcesFit } from "./node_resources_fit.ts";
import { prioritySort } from "./priority_sort.ts";

interface Case {
  readonly nodes?: readonly Node[];
  readonly pods: readonly Pod[];
  readonly budgets?: readonly Partial<PodDisruptionBudget>[];
  readonly pod?: PodOptions;
}

/** Places a pod that needs 2 CPUs at priority 100; says who must go and what is said. */
function attempt({ nodes = [makeNode("n")], pods, budgets = [], pod = {} }: Case) {
  const fixture = new PluginFixture(defaultPreemption, {
    nodes,
    pods,
    objects: budgets.map((budget) => stored(resources.poddisruptionbudgets, budget)),
  });
  const { handle } = fixture;
  const profile = profileOf([
    prioritySort(),
    defaultBinder(handle),
    nodeAffinity(handle, defaultPluginArgs),
    nodeResourcesFit(handle, defaultPluginArgs),
    fixture.plugin,
  ]);
  const options = { profile, cluster: fixture.cache, random: () => 0 };
  const placer = new Placer({ ...options, nominations: new Nominations() });
  const outcome = placer.place(new PodInfo(makePod("vip", { cpu: "2", priority: 100, ...pod })));
  assert.equal(outcome.code, "Unschedulable");
  const [preemption] = fixture.preemptions;
  return {
    ...(outcome.code === "Unschedulable" ? outcome : undefined),
    victims: preemption?.victims.map(({ name }) => name),
  };
}

function placed(name: string, nodeName: string, cpu: string, more: PodOptions = {}): Pod {
  return makePod(name, { nodeName, cpu, priority: 1, ...more });
}
function started(pod: Pod, startTime: string): Pod {
  return { ...pod, status: { startTime } };
}

Deno.test("DefaultPreemption takes the fewest and least important pods", () => {
  const { victims, nominatedNodeName } = attempt({
    pods: [
      placed("low", "n", "1", { priority: 1 }),
      placed("mid", "n", "1", { priority: 5 }),
      placed("high", "n", "1", { priority: 50 }),
      placed("same", "n", "1", { priority: 100 }),
    ],
  });
  assert.deepEqual(victims, ["mid", "low"]);
  assert.equal(nominatedNodeName, "n");
});

const choices: readonly { title: string; pods: readonly Pod[]; want: string }[] = [
  {
    title: "with the lowest highest priority",
    pods: [placed("x", "a", "4", { priority: 9 }), placed("y", "b", "4", { priority: 3 })],
    want: "y",
  },
  {
    title: "with the lowest sum of priorities",
    pods: [
      placed("x1", "a", "2", { priority: 9 }),
      placed("x2", "a", "2", { priority: 9 }),
      placed("y", "b", "4", { priority: 9 }),
    ],
    want: "x2",
  },
  {
    title: "whose victim started last",
    pods: [
      started(placed("x", "a", "4"), "2026-01-01T00:00:00Z"),
      started(placed("y", "b", "4"), "2026-01-02T00:00:00Z"),
    ],
    want: "y",
  },
];
for (const { title, pods, want } of choices) {
  Deno.test(`DefaultPreemption chooses the node ${title}`, () => {
    const { victims } = attempt({ nodes: [makeNode("a"), makeNode("b")], pods });
    assert.deepEqual(victims, [want]);
  });
}

Deno.test("DefaultPreemption spares what a disruption budget protects if it can", () => {
  const budget = {
    metadata: { name: "keep", namespace: "shop" },
    spec: { selector: { matchLabels: { app: "kept" } } },
    status: { disruptionsAllowed: 0 },
  } as Partial<PodDisruptionBudget>;
  const kept = (name: string, node: string) =>
    placed(name, node, "2", { priority: 1, metadata: { labels: { app: "kept" } } });
  const onNode = attempt({
    pods: [kept("kept", "n"), placed("free", "n", "2", { priority: 2 })],
    budgets: [budget],
  });
  assert.deepEqual(onNode.victims, ["free"]);
  const onOther = attempt({
    nodes: [makeNode("a", { cpu: "2" }), makeNode("b", { cpu: "2" })],
    pods: [kept("kept", "a"), placed("free", "b", "2", { priority: 2 })],
    budgets: [budget],
  });
  assert.deepEqual(onOther.victims, ["free"]);
  const forced = attempt({ pods: [kept("k1", "n"), kept("k2", "n")], budgets: [budget] });
  assert.deepEqual(forced.victims?.length, 1, "better than not at all");
});

Deno.test("DefaultPreemption says why it cannot help", () => {
  const nodes = [makeNode("a"), makeNode("b"), makeNode("c", { labels: { disk: "ssd" } })];
  const { message, nominatedNodeName } = attempt({
    nodes,
    pods: [placed("x", "c", "3", { priority: 100 })],
    pod: { nodeSelector: { disk: "ssd" } },
  });
  assert.equal(
    message,
    "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector." +
      " preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, " +
      "2 Preemption is not helpful for scheduling.",
  );
  assert.equal(nominatedNodeName, "");
});

Deno.test("DefaultPreemption leaves others alone if the pod never preempts or others leave already", () => {
  const never = attempt({
    pods: [placed("x", "n", "4")],
    pod: { preemptionPolicy: "Never" },
  });
  assert.match(never.message!, /preemption: not eligible due to preemptionPolicy=Never\.$/);
  assert.equal(never.victims, undefined);
});
