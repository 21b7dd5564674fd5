import { type Plugin, success, unresolvable } from "../framework.ts";

/** Keeps pods out of the queue until their last scheduling gate is taken off (KEP-3521). */
export function schedulingGates(): Plugin {
  return {
    name: "SchedulingGates",
    preEnqueue({ pod }) {
      const gates = pod.spec?.schedulingGates ?? [];
      if (gates.length === 0) return success;
      const names = gates.map(({ name }) => name).join(" ");
      return unresolvable(`waiting for scheduling gates: [${names}]`);
    },
  };
}
