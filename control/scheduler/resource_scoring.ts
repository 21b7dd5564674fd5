import type { NodeInfo } from "./cache/node_info.ts";
import type { Resources } from "./cache/resources.ts";
import type { ResourceWeight, ScoringStrategy } from "./configuration/plugin_args.ts";
import { maxNodeScore } from "./framework.ts";
import { brokenLine } from "./shape.ts";

/** What a node would have in use of its whole, with the pod, scores: 0 to 100. */
type ShareScore = (used: number, whole: number) => number;

/** Ranks a node by the shares of its resources that would be in use. */
export type ResourceScore = (node: NodeInfo, requests: Resources) => number;

/** How NodeResourcesFit ranks nodes by `strategy`. */
export function resourceScore(strategy: ScoringStrategy): ResourceScore {
  switch (strategy.type) {
    case "LeastAllocated":
      return average(strategy.resources, freeShare);
    case "MostAllocated":
      return average(strategy.resources, usedShare);
    case "RequestedToCapacityRatio": {
      const line = brokenLine(strategy.shape);
      return positiveAverage(
        strategy.resources,
        (used, whole) => line(used > whole ? 100 : Math.trunc(used * 100 / whole)),
      );
    }
  }
}

/** Whether a resource is counted by name, and so matters only to pods that ask for it. */
export function isScalar(name: string): boolean {
  return name !== "cpu" && name !== "memory" && name !== "ephemeral-storage";
}

function average(resources: readonly ResourceWeight[], score: ShareScore): ResourceScore {
  return weighted(resources, score, (sum, weights) => Math.trunc(sum / weights));
}

/** As the reference counts here: what scores nothing has no weight either. */
function positiveAverage(resources: readonly ResourceWeight[], score: ShareScore): ResourceScore {
  const counted: ShareScore = (used, whole) => score(used, whole) || NaN;
  return weighted(resources, counted, (sum, weights) => Math.round(sum / weights));
}

/** Joins the scores of the resources that a node has; a score that is no number is left out, with its weight. */
function weighted(
  resources: readonly ResourceWeight[],
  score: ShareScore,
  mean: (sum: number, weights: number) => number,
): ResourceScore {
  return (node, requests) => {
    let sum = 0;
    let weights = 0;
    for (const { name, weight } of resources) {
      const whole = node.allocatable.get(name);
      if (whole === 0 || (isScalar(name) && requests.get(name) === 0)) continue;
      const own = score(usedOf(name, node, requests), whole);
      if (Number.isNaN(own)) continue;
      sum += weight * own;
      weights += weight;
    }
    return weights === 0 ? 0 : mean(sum, weights);
  };
}

/** In use with the pod; of CPU and memory with assumed amounts for what containers do not say. */
function usedOf(name: string, node: NodeInfo, requests: Resources): number {
  if (name === "cpu") return node.assumed.milliCPU + requests.milliCPU;
  if (name === "memory") return node.assumed.memory + requests.memory;
  return node.requested.get(name) + requests.get(name);
}

function freeShare(used: number, whole: number): number {
  return used > whole ? 0 : Math.trunc((whole - used) * maxNodeScore / whole);
}

function usedShare(used: number, whole: number): number {
  return Math.trunc(Math.min(used, whole) * maxNodeScore / whole);
}
