import type { PriorityLevelConfiguration } from "../../shared/api/flowcontrol/v1/types.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import { QueueSet, type Queuing } from "./queue_set.ts";
import { RetryAfter } from "./retry_after.ts";

/** How much older demand counts in the next adjustment: half of it is forgotten in five minutes. */
const smoothing = 0.977;
/** A single request may have this part of a level's seats. */
const maxSeatsPart = 0.15;
const maxSeatsOfOne = 100;

/** One priority level: its seats, and what it may lend and borrow. */
export class PriorityLevel {
  readonly name: string;
  readonly queues: QueueSet;
  readonly retryAfter = new RetryAfter();
  uid = "";
  exempt = false;
  shares = 0;
  /** Its requests have their own queues, so flows are told apart. */
  hasQueues = false;
  nominal = 0;
  lower = 0;
  upper = 0;
  maxSeats = 1;
  smoothed = 0;
  average = 0;
  deviation = 0;
  highWatermark = 0;
  #handSize = 1;
  #lendablePercent = 0;
  #borrowingPercent: number | undefined;
  #spec = "";

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.queues = new QueueSet(clock);
  }

  /** Takes over what the object says; `divide` must follow. */
  configure({ metadata, spec }: PriorityLevelConfiguration): void {
    this.uid = metadata.uid ?? "";
    const text = JSON.stringify(spec);
    if (text === this.#spec) return;
    this.#spec = text;
    const common = spec.limited ?? spec.exempt;
    this.exempt = spec.type === "Exempt";
    this.shares = common?.nominalConcurrencyShares ?? (this.exempt ? 0 : 30);
    this.#lendablePercent = common?.lendablePercent ?? 0;
    this.#borrowingPercent = spec.limited?.borrowingLimitPercent;
    const queuing = queuingOf(spec);
    this.hasQueues = typeof queuing !== "string";
    this.#handSize = typeof queuing === "string" ? 1 : queuing.handSize;
    this.queues.configure(queuing);
  }

  /** Sets its part of the server's `total` seats, of `allShares` shares; `isNew`: it has not had any. */
  divide(total: number, allShares: number, isNew: boolean): void {
    const nominal = allShares === 0 ? 0 : Math.ceil(total * this.shares / allShares);
    const lendable = Math.round(nominal * this.#lendablePercent / 100);
    const borrowing = this.#borrowingPercent === undefined
      ? total
      : Math.round(nominal * this.#borrowingPercent / 100);
    this.nominal = nominal;
    this.lower = nominal - lendable;
    this.upper = nominal + borrowing;
    const part = Math.min(Math.ceil(nominal * maxSeatsPart), Math.floor(nominal / this.#handSize));
    this.maxSeats = this.hasQueues ? Math.max(1, Math.min(part, maxSeatsOfOne)) : maxSeatsOfOne;
    if (isNew) this.queues.setLimit(nominal - Math.floor(lendable / 2));
  }

  /** Closes a period of its demand and gives the least number of seats it should have in the next. */
  observeDemand(now: number): number {
    const observed = this.queues.demand.take(now);
    if (observed) {
      const { average, deviation, highWatermark } = observed;
      const envelope = average + deviation;
      this.average = average;
      this.deviation = deviation;
      this.highWatermark = highWatermark;
      this.smoothed = Math.max(envelope, smoothing * this.smoothed + (1 - smoothing) * envelope);
    }
    const { lower, nominal, highWatermark, exempt } = this;
    return Math.max(lower, exempt ? highWatermark : Math.min(nominal, highWatermark));
  }
}

function queuingOf(
  { type, limited }: PriorityLevelConfiguration["spec"],
): Queuing | "reject" | "exempt" {
  if (type === "Exempt") return "exempt";
  const queuing = limited?.limitResponse.queuing;
  if (limited?.limitResponse.type !== "Queue" || !queuing) return "reject";
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = queuing;
  return { queues, handSize, queueLengthLimit };
}
