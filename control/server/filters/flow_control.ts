import type { Clock } from "../../../shared/clock/clock.ts";
import type { FlowController, Schema } from "../../flowcontrol/flow_controller.ts";
import type { Ticket } from "../../flowcontrol/queue_set.ts";
import { setHeaders } from "../../endpoints/direct_body.ts";
import { estimateWork, type ResourceLoad } from "../../flowcontrol/work_estimate.ts";
import { isLongRunning } from "../long_running.ts";
import type { Filter, RequestContext, RequestInfo } from "../request_context.ts";
import { tooManyRequests } from "./too_many_requests.ts";

export interface FlowControlOptions {
  readonly flows: FlowController;
  /** How many objects and watches a resource has; undefined if it has no store. */
  readonly loadOf: (info: RequestInfo) => ResourceLoad | undefined;
  /** How long a request may wait for its turn, in milliseconds: a quarter of the time that it has. */
  readonly maxWaitMs: number;
  readonly clock: Clock;
}

/**
 * Lets requests through as their priority level has seats, makes others wait for their turn, and refuses what would
 * wait too long (KEP-1040). A watch holds its seat until it has begun; what else is long-running holds none.
 */
export function flowControl(options: FlowControlOptions): Filter {
  const { flows, loadOf, clock } = options;
  return async (c, next) => {
    const info = c.get("info");
    if (info.verb !== "watch" && isLongRunning(info)) return await next();
    const user = c.get("user");
    const schema = flows.classify(user, info);
    const { level, series } = schema;
    const query = (name: string) => c.get("query").get(name);
    const work = level.exempt
      ? exemptWork
      : estimateWork({ info, load: () => loadOf(info), maxSeats: level.maxSeats, query });
    const distinguisher = schema.byUser ? user.name : schema.byNamespace ? info.namespace : "";
    const ticket = level.queues.start(work, { schema: schema.name, distinguisher });
    if (typeof ticket === "string") return refuse(c, schema, ticket, clock);
    const seats = Math.max(work.initialSeats, work.finalSeats);
    if (ticket.turn && !await waited(c, ticket, { ...options, schema, seats })) {
      return refuse(c, schema, "time-out", clock);
    }
    const started = clock.monotonic();
    series.dispatched();
    series.executing(1, seats);
    try {
      await next();
    } finally {
      ticket.finish();
      series.executing(-1, seats);
      series.executed((clock.monotonic() - started) / 1000);
    }
    mark(c, schema);
  };
}

const exemptWork = { initialSeats: 1, finalSeats: 0, additionalMs: 0 };

interface Waiting extends FlowControlOptions {
  readonly schema: Schema;
  readonly seats: number;
}

/** Waits for the request's turn. False if it does not come in time, or the client has gone. */
async function waited(
  c: RequestContext,
  ticket: Ticket,
  { clock, maxWaitMs, schema, seats }: Waiting,
): Promise<boolean> {
  const { series } = schema;
  const began = clock.monotonic();
  const { signal } = c.req.raw;
  const leave = () => ticket.cancel();
  const timer = clock.after(maxWaitMs, leave);
  signal.addEventListener("abort", leave, { once: true });
  series.queued(1, seats);
  const runs = await ticket.turn!;
  series.queued(-1, seats);
  signal.removeEventListener("abort", leave);
  timer.cancel();
  series.waited((clock.monotonic() - began) / 1000, runs);
  return runs;
}

function refuse(
  c: RequestContext,
  schema: Schema,
  reason: "queue-full" | "concurrency-limit" | "time-out",
  clock: Clock,
): void {
  schema.series.rejected(reason);
  c.res = tooManyRequests(schema.level.retryAfter.refuse(clock.now()));
  mark(c, schema);
}

/** The ids and not the names: how administrators call things is not for everybody. */
function mark({ res }: RequestContext, { ids }: Schema): void {
  setHeaders(res, ids);
}
