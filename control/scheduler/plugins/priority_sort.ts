import type { Plugin } from "../framework.ts";

/** Higher priority first; the older of equals first. */
export function prioritySort(): Plugin {
  return {
    name: "PrioritySort",
    queueSort: (a, b) => b.pod.priority - a.pod.priority || a.since - b.since || a.order - b.order,
  };
}
