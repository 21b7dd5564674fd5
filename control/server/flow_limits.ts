import type { Clock } from "../../shared/clock/clock.ts";
import type { ApiRegistry } from "../endpoints/resource_request.ts";
import { FlowController } from "../flowcontrol/flow_controller.ts";
import { flowSeries, watchLevels } from "../flowcontrol/flow_series.ts";
import type { ResourceLoad } from "../flowcontrol/work_estimate.ts";
import type { FlowControlOptions } from "./filters/flow_control.ts";
import type { MaxInFlightOptions } from "./filters/max_in_flight.ts";
import { mandatoryFlows } from "./flow_feed.ts";
import type { Metrics } from "./metrics.ts";
import type { RequestInfo } from "./request_context.ts";

/** How much is done at once and for how long. */
export interface RequestLimits {
  /** Reads under way at most; with priority and fairness, seats for both together. */
  readonly maxReads: number;
  readonly maxWrites: number;
  readonly timeoutMs: number;
  readonly priorityAndFairness: boolean;
}

/** The reference's. */
export const standardLimits: RequestLimits = {
  maxReads: 400,
  maxWrites: 200,
  timeoutMs: 60_000,
  priorityAndFairness: true,
};

/** A request may wait for its turn for a quarter of its time, and never longer than this. */
const maxWaitMs = 60_000;

/** What decides who is served when there is more to do than can be done. */
export function flowLimits(
  limits: RequestLimits,
  { clock, metrics, registry }: {
    readonly clock: Clock;
    readonly metrics: Metrics;
    readonly registry: ApiRegistry;
  },
): FlowControlOptions | MaxInFlightOptions {
  const { maxReads, maxWrites, timeoutMs } = limits;
  if (!limits.priorityAndFairness) return { reads: maxReads, writes: maxWrites };
  const flows = new FlowController({
    clock,
    seats: maxReads + maxWrites,
    mandatory: mandatoryFlows(),
    series: flowSeries(metrics.registry),
  });
  watchLevels(metrics.registry, () => flows.levels);
  return {
    flows,
    clock,
    maxWaitMs: Math.min(timeoutMs / 4, maxWaitMs),
    loadOf: (info) => loadOf(registry, info),
  };
}

function loadOf(
  registry: ApiRegistry,
  { group, version, resource }: RequestInfo,
): ResourceLoad | undefined {
  const cache = registry.lookup(group, version, resource)?.store?.cache;
  return cache && { objects: cache.size, bytes: cache.bytes, watches: cache.watches };
}
