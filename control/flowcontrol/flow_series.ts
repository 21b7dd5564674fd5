import type { MetricRegistry } from "../../shared/metrics/metric_registry.ts";
import type { PriorityLevel } from "./priority_level.ts";
import type { Refusal } from "./queue_set.ts";

/** What is counted of the requests of one schema at one level. Times are seconds. */
export interface FlowSeries {
  dispatched(): void;
  rejected(reason: Refusal): void;
  waited(seconds: number, executed: boolean): void;
  executed(seconds: number): void;
  /** `by` more (or less) requests are under way, with so many seats. */
  executing(by: 1 | -1, seats: number): void;
  /** `by` more (or less) requests wait. */
  queued(by: 1 | -1, seats: number): void;
}
export type FlowSeriesOf = (level: string, schema: string) => FlowSeries;

export const silentSeries: FlowSeries = {
  dispatched() {},
  rejected() {},
  waited() {},
  executed() {},
  executing() {},
  queued() {},
};

const prefix = "apiserver_flowcontrol_";
const labels = ["priority_level", "flow_schema"];
const seconds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

/** `apiserver_flowcontrol_*` for requests. */
export function flowSeries(registry: MetricRegistry): FlowSeriesOf {
  const dispatched = registry.counter({
    name: `${prefix}dispatched_requests_total`,
    help: "Requests that were let through.",
    labels,
  });
  const rejected = registry.counter({
    name: `${prefix}rejected_requests_total`,
    help: "Requests that were refused.",
    labels: [...labels, "reason"],
  });
  const waits = registry.histogram({
    name: `${prefix}request_wait_duration_seconds`,
    help: "How long requests waited in their queues.",
    labels: [...labels, "execute"],
    buckets: seconds,
  });
  const executions = registry.histogram({
    name: `${prefix}request_execution_seconds`,
    help: "How long requests took once they were let through.",
    labels: [...labels, "type"],
    buckets: seconds,
  });
  const gauge = (name: string, help: string) =>
    registry.gauge({ name: `${prefix}${name}`, help, labels });
  const executing = gauge("current_executing_requests", "Requests under way.");
  const executingSeats = gauge("current_executing_seats", "Seats of the requests under way.");
  const inQueue = gauge("current_inqueue_requests", "Requests that wait.");
  const inQueueSeats = gauge("current_inqueue_seats", "Seats of the requests that wait.");
  return (level, schema) => {
    const name = [level, schema] as const;
    const count = dispatched.with(...name);
    const [ran, dropped] = [waits.with(...name, "true"), waits.with(...name, "false")];
    const lasted = executions.with(...name, "regular");
    const [now, nowSeats] = [executing.with(...name), executingSeats.with(...name)];
    const [waiting, waitingSeats] = [inQueue.with(...name), inQueueSeats.with(...name)];
    return {
      dispatched: () => count.inc(),
      rejected: (reason) => rejected.with(...name, reason).inc(),
      waited: (time, executed) => (executed ? ran : dropped).observe(time),
      executed: (time) => lasted.observe(time),
      executing(by, seats) {
        now.add(by);
        nowSeats.add(by * seats);
      },
      queued(by, seats) {
        waiting.add(by);
        waitingSeats.add(by * seats);
      },
    };
  };
}

/** `apiserver_flowcontrol_*` for levels: set when the metrics are read. */
export function watchLevels(registry: MetricRegistry, levels: () => Iterable<PriorityLevel>): void {
  const gauges: readonly [name: string, help: string, value: (level: PriorityLevel) => number][] = [
    ["nominal_limit_seats", "Seats that are the level's own.", (level) => level.nominal],
    ["lower_limit_seats", "Seats that it never lends.", (level) => level.lower],
    ["upper_limit_seats", "Seats that it may have with what it borrows.", (level) => level.upper],
    ["current_limit_seats", "Seats that it has now.", (level) => level.queues.limit],
    ["demand_seats_high_watermark", "Most seats wanted at once.", (level) => level.highWatermark],
    ["demand_seats_average", "Seats wanted on average.", (level) => level.average],
    ["demand_seats_stdev", "Deviation of the seats wanted.", (level) => level.deviation],
    ["demand_seats_smoothed", "Seats wanted, smoothed.", (level) => level.smoothed],
  ];
  const families = gauges.map(([name, help, value]) => ({
    value,
    family: registry.gauge({ name: `${prefix}${name}`, help, labels: ["priority_level"] }),
  }));
  registry.beforeText(() => {
    for (const level of levels()) {
      for (const { family, value } of families) family.with(level.name).set(value(level));
    }
  });
}
