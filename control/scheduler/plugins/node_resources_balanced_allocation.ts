import type { NodeInfo } from "../cache/node_info.ts";
import { Resources } from "../cache/resources.ts";
import type { PluginArgs, ResourceWeight } from "../configuration/plugin_args.ts";
import { maxNodeScore, type Plugin, type PluginHandle, skip } from "../framework.ts";
import { isScalar } from "../resource_scoring.ts";

const nothing = new Resources();

/** Prefers nodes whose resources would be used to more similar shares than before. */
export function nodeResourcesBalancedAllocation(
  _handle: PluginHandle,
  { NodeResourcesBalancedAllocation: { resources } }: PluginArgs,
): Plugin<unknown, readonly ResourceWeight[]> {
  return {
    name: "NodeResourcesBalancedAllocation",
    preScore({ requests }) {
      // A pod that requests nothing unbalances nothing; all of them would gather on one node.
      if (resources.every(({ name }) => requests.get(name) === 0)) return skip;
      const state = resources.filter(({ name }) => !isScalar(name) || requests.get(name) > 0);
      return { code: "Success", state };
    },
    score({ requests }, node, counted) {
      const half = maxNodeScore / 2;
      const change = balance(counted, node, requests) - balance(counted, node, nothing);
      return half + Math.trunc((half + change) / 2);
    },
  };
}

/** The shares at hand; kept, because this runs twice for every node. */
const shares: number[] = [];

/** 100 less the standard deviation of the shares in use, in percent. */
function balance(
  resources: readonly ResourceWeight[],
  { allocatable, requested }: NodeInfo,
  more: Resources,
): number {
  shares.length = 0;
  for (const { name } of resources) {
    const whole = allocatable.get(name);
    if (whole !== 0) shares.push(Math.min(1, (requested.get(name) + more.get(name)) / whole));
  }
  return Math.trunc((1 - deviation()) * maxNodeScore);
}

function deviation(): number {
  if (shares.length === 2) return Math.abs((shares[0]! - shares[1]!) / 2);
  if (shares.length < 2) return 0;
  let total = 0;
  for (const share of shares) total += share;
  const mean = total / shares.length;
  let sum = 0;
  for (const share of shares) sum += (share - mean) * (share - mean);
  return Math.sqrt(sum / shares.length);
}
