import type { Pod } from "../../shared/api/core/v1/types.gen.ts";

/** What others want of the pod, for comparing: everything but what the node itself reports. */
export function intentOf({ metadata, spec, status }: Pod): string {
  const { labels, annotations, deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  const gates = new Set((spec?.readinessGates ?? []).map(({ conditionType }) => conditionType));
  const gateStates = (status?.conditions ?? []).filter(({ type }) => gates.has(type));
  return JSON.stringify([
    labels,
    annotations,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    spec,
    gateStates,
  ]);
}
