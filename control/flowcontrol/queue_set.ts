import type { Clock } from "../../shared/clock/clock.ts";
import { BoundedCache } from "../../shared/cache/bounded_cache.ts";
import { SeatDemand } from "./seat_demand.ts";
import { handOf } from "./shuffle_sharding.ts";

/** What a request is expected to cost. */
export interface Work {
  /** Seats it holds while it is served. */
  readonly initialSeats: number;
  /** Seats it holds after that, for `additionalMs`: what others do because of it. */
  readonly finalSeats: number;
  readonly additionalMs: number;
}

export interface Queuing {
  readonly queues: number;
  readonly handSize: number;
  readonly queueLengthLimit: number;
}

/** Who is asking: requests of one flow wait in the same few queues. */
export interface Flow {
  readonly schema: string;
  readonly distinguisher: string;
}

/** Why a request was not served. */
export type Refusal = "queue-full" | "concurrency-limit" | "time-out";

/** A request that may run, or waits. `finish` or `cancel` must follow, once. */
export interface Ticket {
  /** Absent: it may run at once. Resolves to whether it may run; false after `cancel`. */
  readonly turn: Promise<boolean> | undefined;
  /** It has run: its seats are free, now or after its additional time. */
  finish(): void;
  /** It waits no longer. */
  cancel(): void;
}

/** How long a request is taken to last before it has shown it. */
const expectedMs = 3;
/** Flows of which the hand is remembered. */
const maxHands = 4096;

interface Queue {
  /** In the order of arrival. */
  readonly waiting: Set<Request>;
  executing: number;
  seatsInUse: number;
  /** Seat-milliseconds of what waits. */
  waitingWork: number;
  /** When, in virtual time, the next request is to be dispatched. */
  nextDispatch: number;
}

interface Request extends Ticket {
  readonly queue: Queue | undefined;
  readonly seats: number;
  readonly initialSeats: number;
  additionalMs: number;
  readonly work: number;
  /** Virtual time. */
  readonly arrived: number;
  started: number;
  decide: ((run: boolean) => void) | undefined;
}

/**
 * The seats of one priority level and the queues before them. Seats go to the queue that had the least so far (fair
 * queuing for server requests, KEP-1040): a queue's virtual time advances by the work it gets, everybody's by what each
 * could have had. A request that finds a free seat and nobody waiting costs a few additions.
 */
export class QueueSet {
  readonly #clock: Clock;
  readonly demand: SeatDemand;
  #queuing: Queuing | "reject" | "exempt" = "reject";
  #limit = 0;
  #queues: Queue[] = [];
  #hands = new BoundedCache<string, readonly number[]>(maxHands);
  /** Virtual time: what a queue could have had since the beginning, in seat-milliseconds. */
  #progress = 0;
  #lastSync: number;
  #robin = 0;
  #dealt = 0;
  #activeQueues = 0;
  #waiting = 0;
  #seatsWaiting = 0;
  #executing = 0;
  #seatsInUse = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastSync = clock.monotonic();
    this.demand = new SeatDemand(this.#lastSync);
  }

  get waiting(): number {
    return this.#waiting;
  }

  get executing(): number {
    return this.#executing;
  }

  get seatsInUse(): number {
    return this.#seatsInUse;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Sets how requests wait: in queues, not at all, or never. What waits already stays where it is. */
  configure(queuing: Queuing | "reject" | "exempt"): void {
    this.#queuing = queuing;
    this.#hands = new BoundedCache(maxHands);
    if (typeof queuing === "string") return;
    while (this.#queues.length < queuing.queues) this.#queues.push(newQueue());
    for (const queue of this.#queues) this.#removeExcess(queue);
  }

  /** Sets how many seats there are. */
  setLimit(limit: number): void {
    this.#sync(this.#clock.monotonic());
    this.#limit = limit;
    this.#dispatchAll();
  }

  /** Takes in a request; the reason if it is refused at once. */
  start(work: Work, flow: Flow): Ticket | Refusal {
    const now = this.#clock.monotonic();
    this.#sync(now);
    const seats = Math.max(work.initialSeats, work.finalSeats);
    if (typeof this.#queuing === "string") {
      if (!this.#hasRoom(seats)) return "concurrency-limit";
      const request = this.#request(work, undefined);
      this.#seat(request, now);
      return request;
    }
    const queue = this.#choose(flow, this.#queuing);
    const full = queue.waiting.size >= this.#queuing.queueLengthLimit;
    if (full && this.#seatsInUse >= this.#limit) return "queue-full";
    if (queue.waiting.size === 0 && queue.executing === 0) queue.nextDispatch = this.#progress;
    const request = this.#request(work, queue);
    if (this.#waiting === 0 && this.#seatsInUse < this.#limit && this.#hasRoom(seats)) {
      queue.nextDispatch = Math.max(queue.nextDispatch, this.#progress);
      this.#seat(request, now);
      return request;
    }
    return this.#enqueue(request, now);
  }

  #request(work: Work, queue: Queue | undefined): Request {
    const { initialSeats, finalSeats, additionalMs } = work;
    const request: Request = {
      turn: undefined,
      finish: () => this.#finish(request),
      cancel: () => this.#cancel(request),
      queue,
      seats: Math.max(initialSeats, finalSeats),
      initialSeats,
      additionalMs,
      work: initialSeats * expectedMs + finalSeats * additionalMs,
      arrived: this.#progress,
      started: 0,
      decide: undefined,
    };
    return request;
  }

  /** The one of the flow's queues in which the least work waits. */
  #choose({ schema, distinguisher }: Flow, { queues, handSize }: Queuing): Queue {
    const key = `${schema}\0${distinguisher}`;
    let hand = this.#hands.get(key);
    if (!hand) {
      hand = handOf({ schema, distinguisher }, { deckSize: queues, handSize });
      this.#hands.set(key, hand);
    }
    // Begin at another card each time: flows with the same hand do not all prefer the same queue.
    const offset = this.#dealt++ % hand.length;
    let best = this.#queues[hand[offset]!]!;
    for (let i = 1; i < hand.length && best.waitingWork > 0; i++) {
      const queue = this.#queues[hand[(offset + i) % hand.length]!]!;
      if (queue.waitingWork < best.waitingWork) best = queue;
    }
    return best;
  }

  #enqueue(request: Request, now: number): Ticket {
    const queue = request.queue!;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting: Request = Object.assign(request, { turn: promise, decide: resolve });
    if (queue.waiting.size === 0 && queue.executing === 0) this.#activeQueues++;
    queue.waiting.add(waiting);
    queue.waitingWork += waiting.work;
    this.#waiting++;
    this.#seatsWaiting += waiting.seats;
    this.demand.set(this.#seatsInUse + this.#seatsWaiting, now);
    bound(queue);
    this.#dispatchAll();
    return waiting;
  }

  /** Gives a request its seats. */
  #seat(request: Request, now: number): void {
    const { queue, seats } = request;
    request.started = now;
    this.#executing++;
    this.#seatsInUse += seats;
    if (queue) {
      if (queue.executing === 0 && queue.waiting.size === 0) this.#activeQueues++;
      queue.executing++;
      queue.seatsInUse += seats;
      queue.nextDispatch += request.work;
    }
    this.demand.set(this.#seatsInUse + this.#seatsWaiting, now);
  }

  #dispatchAll(): void {
    while (this.#waiting > 0 && this.#seatsInUse < this.#limit && this.#dispatch()) { /* next */ }
  }

  /** Lets the request run whose queue is first in virtual time. False if it does not fit yet. */
  #dispatch(): boolean {
    const index = this.#firstQueue();
    const queue = this.#queues[index]!;
    const [request] = queue.waiting as Set<Request> & Iterable<Request>;
    if (!request || !this.#hasRoom(request.seats)) return false;
    this.#robin = index;
    this.#leave(request, queue);
    // The level's queue is active all the while; only the counts move.
    if (queue.executing === 0 && queue.waiting.size === 0) this.#activeQueues--;
    this.#seat(request, this.#clock.monotonic());
    bound(queue);
    request.decide!(true);
    return true;
  }

  #firstQueue(): number {
    let first = Infinity;
    let found = 0;
    const count = this.#queues.length;
    for (let i = 1; i <= count; i++) {
      const index = (this.#robin + i) % count;
      const queue = this.#queues[index]!;
      const [oldest] = queue.waiting;
      if (!oldest || queue.nextDispatch + oldest.work >= first) continue;
      first = queue.nextDispatch + oldest.work;
      found = index;
    }
    return found;
  }

  #hasRoom(seats: number): boolean {
    if (this.#queuing === "exempt") return true;
    // One that is wider than the whole level waits until it is alone.
    if (seats > this.#limit) return this.#executing === 0;
    return this.#seatsInUse + seats <= this.#limit;
  }

  #leave(request: Request, queue: Queue): void {
    queue.waiting.delete(request);
    queue.waitingWork = queue.waiting.size === 0 ? 0 : queue.waitingWork - request.work;
    this.#waiting--;
    this.#seatsWaiting -= request.seats;
  }

  #cancel(request: Request): void {
    const { queue, decide } = request;
    if (!queue?.waiting.has(request)) return;
    const now = this.#clock.monotonic();
    this.#sync(now);
    this.#leave(request, queue);
    if (queue.executing === 0 && queue.waiting.size === 0) this.#activeQueues--;
    this.demand.set(this.#seatsInUse + this.#seatsWaiting, now);
    bound(queue);
    this.#removeExcess(queue);
    decide!(false);
    this.#dispatchAll();
  }

  #finish(request: Request): void {
    const now = this.#clock.monotonic();
    this.#sync(now);
    const { queue, initialSeats, additionalMs } = request;
    this.#executing--;
    if (queue) {
      queue.executing--;
      if (queue.executing === 0 && queue.waiting.size === 0) this.#activeQueues--;
      // What it really took, in place of what was expected.
      queue.nextDispatch -= initialSeats * (expectedMs - (now - request.started));
      bound(queue);
    }
    if (additionalMs > 0) {
      this.#clock.after(additionalMs, () => {
        const later = this.#clock.monotonic();
        this.#sync(later);
        this.#release(request, later);
      });
    } else this.#release(request, now);
  }

  #release({ queue, seats }: Request, now: number): void {
    this.#seatsInUse -= seats;
    if (queue) {
      queue.seatsInUse -= seats;
      this.#removeExcess(queue);
    }
    this.demand.set(this.#seatsInUse + this.#seatsWaiting, now);
    this.#dispatchAll();
  }

  /** Moves virtual time on, as if all had been as it is now since the last time. */
  #sync(now: number): void {
    const passed = now - this.#lastSync;
    this.#lastSync = now;
    if (this.#activeQueues === 0) return;
    const wanted = Math.min(this.#seatsInUse + this.#seatsWaiting, this.#limit);
    this.#progress += passed * wanted / this.#activeQueues;
  }

  /** Queues beyond the number that is wanted go when they are empty. */
  #removeExcess(queue: Queue): void {
    const wanted = typeof this.#queuing === "string" ? 0 : this.#queuing.queues;
    const idle = queue.waiting.size === 0 && queue.executing === 0 && queue.seatsInUse === 0;
    if (this.#queues.length <= wanted || !idle) return;
    this.#queues = this.#queues.filter((other) => other !== queue);
  }
}

function newQueue(): Queue {
  return { waiting: new Set(), executing: 0, seatsInUse: 0, waitingWork: 0, nextDispatch: 0 };
}

/** Nothing is dispatched, in virtual time, before it has arrived: a queue saves up nothing. */
function bound(queue: Queue): void {
  const [oldest] = queue.waiting;
  if (oldest && queue.nextDispatch < oldest.arrived) queue.nextDispatch = oldest.arrived;
}
