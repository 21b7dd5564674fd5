import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import {
  type Harness,
  makeNode,
  makePod,
  type PodOptions,
} from "../../control/scheduler/testing/harness.ts";

/** One case: what is there before, and the pods whose placing is measured. */
export interface PerformanceCase {
  /** As kube-scheduler's scheduler_perf names it. */
  readonly name: string;
  readonly nodes: number;
  /** Pods placed before; they have their nodes from the start. */
  readonly before: number;
  readonly measured: number;
  beforePod?(index: number): PodOptions;
  pod(index: number): PodOptions;
  /** Called between the pods that are added: other things that happen. */
  churn?(harness: Harness, index: number): void;
  /** Whether the measured pods are to be placed; else it is enough that each was tried. */
  readonly isPlaced?: boolean;
}

const zone = "topology.kubernetes.io/zone";
const host = "kubernetes.io/hostname";
const small = { cpu: "100m", memory: "200Mi" };

function labelled(color: string, more: PodOptions = {}): PodOptions {
  return { ...small, ...more, metadata: { labels: { color } } };
}

function spread(whenUnsatisfiable: "DoNotSchedule" | "ScheduleAnyway"): PodOptions {
  const labelSelector = { matchLabels: { color: "blue" } };
  const constraint = { maxSkew: 5, topologyKey: zone, whenUnsatisfiable, labelSelector };
  return labelled("blue", { topologySpreadConstraints: [constraint] });
}

function term(color: string, topologyKey: string) {
  return { topologyKey, labelSelector: { matchLabels: { color } } };
}

const nodes = 5000;

/** The kinds of cases of kube-scheduler's scheduler_perf, at 5000 nodes. */
export const cases: readonly PerformanceCase[] = [
  { name: "SchedulingBasic", nodes, before: 1000, measured: 10_000, pod: () => small },
  {
    name: "TopologySpreading",
    nodes,
    before: 5000,
    measured: 5000,
    pod: () => spread("DoNotSchedule"),
  },
  {
    name: "PreferredTopologySpreading",
    nodes,
    before: 5000,
    measured: 5000,
    pod: () => spread("ScheduleAnyway"),
  },
  {
    name: "SchedulingPodAffinity",
    nodes,
    before: 5000,
    measured: 5000,
    beforePod: () => labelled("green"),
    pod: () =>
      labelled("green", {
        affinity: {
          podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term("green", zone)] },
        },
      }),
  },
  {
    name: "SchedulingPodAntiAffinity",
    nodes,
    before: 1000,
    measured: 2000,
    pod: () =>
      labelled("red", {
        affinity: {
          podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term("red", host)] },
        },
      }),
  },
  {
    name: "PreemptionBasic",
    nodes,
    before: 20_000,
    measured: 1000,
    beforePod: () => ({ cpu: "900m", memory: "500Mi", priority: 1 }),
    pod: () => ({ cpu: "3", memory: "500Mi", priority: 10 }),
  },
  {
    name: "Unschedulable",
    nodes,
    before: 200,
    measured: 10_000,
    beforePod: (index) => index < 200 ? { cpu: "900", nodeName: "" } : small,
    pod: () => small,
  },
  {
    name: "SchedulingWithMixedChurn",
    nodes,
    before: 1000,
    measured: 10_000,
    pod: () => small,
    churn(harness, index) {
      if (index % 20 !== 0) return;
      const turn = index / 20;
      harness.api.put(
        resources.nodes,
        makeNode(`churn-${turn % 50}`, { cpu: String(1 + turn % 3) }),
      );
      harness.api.put(resources.pods, makePod(`large-${turn}`, { cpu: "900" }) as Pod);
      if (turn >= 10) harness.api.remove(resources.pods, `shop/large-${turn - 10}`);
      harness.api.put(resources.services, {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: `s-${turn % 50}`, namespace: "shop" },
        spec: { selector: { turn: String(turn) } },
      });
    },
  },
];
