import { maxNodeScore, type Plugin, skip } from "../framework.ts";

/** Prefers nodes whose CPU and memory would be used to a similar share. */
export function nodeResourcesBalancedAllocation(): Plugin<unknown, undefined> {
  return {
    name: "NodeResourcesBalancedAllocation",
    preScore({ requests }) {
      // A pod that requests nothing unbalances nothing; all of them would gather on one node.
      if (requests.milliCPU === 0 && requests.memory === 0) return skip;
      return { code: "Success", state: undefined };
    },
    score({ requests }, { allocatable, requested }) {
      if (allocatable.milliCPU === 0 || allocatable.memory === 0) return maxNodeScore;
      const cpu = Math.min(1, (requested.milliCPU + requests.milliCPU) / allocatable.milliCPU);
      const memory = Math.min(1, (requested.memory + requests.memory) / allocatable.memory);
      // Half the difference is the standard deviation of two values.
      return Math.floor((1 - Math.abs(cpu - memory) / 2) * maxNodeScore);
    },
  };
}
