import type { Clock, Timer } from "../../../shared/clock/clock.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import type { ClusterEvent } from "../framework.ts";
import type { Profile } from "../profile.ts";
import { Heap } from "./heap.ts";
import { asksTheSame, type WaitingPod } from "./waiting_pod.ts";

/** Rejected pods are tried again after this long, in case a hint was wrong. */
const maxRejectedMs = 5 * 60_000;

/** What the queue asks of a profile. */
export type QueueProfile = Pick<Profile, "preEnqueue" | "hints">;

export interface SchedulingQueueOptions {
  readonly clock: Clock;
  /** How all pods are sorted. */
  readonly queueSort: Profile["queueSort"];
  /** The profile that places a pod. */
  profileOf(pod: PodInfo): QueueProfile;
  /** Back-off after the first failure, default 1 s; doubles with each further one up to the maximum, default 10 s. */
  readonly initialBackoffMs?: number;
  readonly maxBackoffMs?: number;
  /** Called whenever `pop` may have something; must not call back into the queue at once. */
  readonly onReady: () => void;
}

/**
 * The pods that are to be placed. Nothing is polled: one timer runs for the earliest end of a back-off or of the five
 * minutes, and none if nobody waits. As big as the number of unbound pods.
 */
export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #pods = new Map<string, WaitingPod>();
  readonly #active: Heap<WaitingPod>;
  readonly #backoff = new Heap(byBackoff);
  /** Apart, because a back-off after an error is never cut short. */
  readonly #errorBackoff = new Heap(byBackoff);
  readonly #gated = new Set<WaitingPod>();
  /** In the order of their rejection, so the first is the first to be flushed. */
  readonly #rejected = new Set<WaitingPod>();
  /** Rejected pods by their profile and the plugin that did it; under "" those that any event may help. */
  readonly #filed = new Map<QueueProfile, Map<string, Set<WaitingPod>>>();
  #order = 0;
  #timer: { readonly at: number; readonly timer: Timer } | undefined;

  constructor(options: SchedulingQueueOptions) {
    this.#options = options;
    this.#active = new Heap<WaitingPod>(options.queueSort);
  }

  /** How many pods are known, wherever they wait. */
  get size(): number {
    return this.#pods.size;
  }

  placeOf(uid: string): WaitingPod["place"] | undefined {
    return this.#pods.get(uid)?.place;
  }

  /** A pod that waits in the queue, as it is known there. */
  get(uid: string): WaitingPod | undefined {
    return this.#pods.get(uid);
  }

  /** An unbound pod is new, or has changed. */
  set(pod: PodInfo): void {
    const known = this.#pods.get(pod.uid);
    if (!known) {
      const waiting = this.#waiting(pod);
      this.#pods.set(pod.uid, waiting);
      this.#enter(waiting);
      return;
    }
    const isSame = asksTheSame(known.pod.pod, pod.pod);
    if (known.place === "active") {
      // Its priority may differ, so it must be filed anew.
      this.#active.remove(known);
      known.pod = pod;
      this.#enter(known);
      return;
    }
    known.pod = pod;
    if (isSame || (known.place !== "gated" && known.place !== "rejected")) return;
    // What the pod asks for has changed: its back-off counts, but not what it was rejected for.
    this.#leave(known);
    this.#enterOrBackOff(known);
  }

  /** The pod is bound or gone. */
  delete(uid: string): void {
    const known = this.#pods.get(uid);
    if (!known) return;
    this.#leave(known);
    this.#pods.delete(uid);
  }

  /**
   * The next pod to place; report back with `delete`, `reject` or `fail`. If none is active, one whose back-off runs after
   * a rejection is taken early: nobody else needs the time (KEP-5142).
   */
  pop(): WaitingPod | undefined {
    const next = this.#active.pop() ?? this.#early();
    if (next) {
      next.place = "inFlight";
      next.wasWoken = false;
    }
    return next;
  }

  /** No node fits: the pod waits for an event that one of `plugins` asked for. */
  reject(waiting: WaitingPod, plugins: ReadonlySet<string>): void {
    if (this.#pods.get(waiting.pod.uid) !== waiting) return;
    this.#failed(waiting, false);
    waiting.rejectedBy = plugins;
    this.#waitForEvent(waiting);
  }

  /** Something is broken: the pod is tried again after its back-off. */
  fail(waiting: WaitingPod): void {
    if (this.#pods.get(waiting.pod.uid) !== waiting) return;
    this.#failed(waiting, true);
    this.#enterOrBackOff(waiting);
  }

  /** Something happened: pods that it may help are tried again. Costs nothing for pods that nobody would wake. */
  dispatch(event: ClusterEvent): void {
    // Gates are about the pod itself, but for claims that it waits for.
    if (event.kind === "Storage") { for (const gated of [...this.#gated]) this.#enter(gated); }
    if (this.#rejected.size === 0) return;
    for (const [{ hints }, filed] of [...this.#filed]) {
      for (const [plugin, hint] of hints.get(event.kind) ?? []) {
        for (const waiting of [...filed.get(plugin) ?? []]) {
          if (hint(waiting.pod, event)) this.#wake(waiting);
        }
      }
      for (const waiting of [...filed.get("") ?? []]) this.#wake(waiting);
    }
  }

  /** Tries a rejected pod again, as if an event had asked for it. */
  wake(uid: string): void {
    const known = this.#pods.get(uid);
    if (known) this.#wake(known);
  }

  /** Holds a pod back until `release`, while room is made for it. */
  hold(uid: string): void {
    const known = this.#pods.get(uid);
    if (known) known.isHeld = true;
  }

  /** Ends `hold`. The pod is tried again if an event would have woken it, or if `retry` says so. */
  release(uid: string, options: { readonly retry: boolean }): void {
    const known = this.#pods.get(uid);
    if (!known?.isHeld) return;
    known.isHeld = false;
    if (known.place === "rejected" && (options.retry || known.wasWoken)) this.#wake(known);
  }

  /** Ends the timer. */
  stop(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  #waiting(pod: PodInfo): WaitingPod {
    return {
      pod,
      since: this.#now(),
      order: this.#order++,
      place: "inFlight",
      failures: 0,
      hasError: false,
      backoffUntil: 0,
      rejectedBy: new Set(),
      isHeld: false,
      wasWoken: false,
    };
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }

  #failed(waiting: WaitingPod, hasError: boolean): void {
    const now = this.#now();
    waiting.failures++;
    waiting.hasError = hasError;
    waiting.since = now;
    const { initialBackoffMs = 1000, maxBackoffMs = 10_000 } = this.#options;
    const wait = initialBackoffMs * 2 ** (waiting.failures - 1);
    waiting.backoffUntil = now + Math.min(wait, maxBackoffMs);
  }

  #wake(waiting: WaitingPod): void {
    if (waiting.isHeld) {
      waiting.wasWoken = true;
      return;
    }
    if (waiting.place !== "rejected") return;
    this.#leave(waiting);
    this.#enterOrBackOff(waiting);
  }

  #enterOrBackOff(waiting: WaitingPod): void {
    if (waiting.backoffUntil <= this.#now()) return this.#enter(waiting);
    waiting.place = "backoff";
    this.#backoffOf(waiting).push(waiting);
    this.#arm(waiting.backoffUntil);
    if (!waiting.hasError) this.#options.onReady();
  }

  #enter(waiting: WaitingPod): void {
    this.#gated.delete(waiting);
    if (this.#isGated(waiting)) {
      waiting.place = "gated";
      this.#gated.add(waiting);
      return;
    }
    waiting.place = "active";
    this.#active.push(waiting);
    this.#options.onReady();
  }

  #waitForEvent(waiting: WaitingPod): void {
    waiting.place = "rejected";
    this.#rejected.add(waiting);
    const profile = this.#options.profileOf(waiting.pod);
    let filed = this.#filed.get(profile);
    if (!filed) this.#filed.set(profile, filed = new Map());
    for (const plugin of keysOf(waiting)) {
      const pods = filed.get(plugin);
      if (pods) pods.add(waiting);
      else filed.set(plugin, new Set([waiting]));
    }
    this.#arm(waiting.since + maxRejectedMs);
  }

  #leave(waiting: WaitingPod): void {
    if (waiting.place === "gated") this.#gated.delete(waiting);
    if (waiting.place === "active") this.#active.remove(waiting);
    if (waiting.place === "backoff") this.#backoffOf(waiting).remove(waiting);
    if (waiting.place !== "rejected") return;
    this.#rejected.delete(waiting);
    const filed = this.#filed.get(this.#options.profileOf(waiting.pod));
    for (const plugin of keysOf(waiting)) {
      const pods = filed?.get(plugin);
      pods?.delete(waiting);
      if (pods?.size === 0) filed?.delete(plugin);
    }
  }

  #backoffOf({ hasError }: WaitingPod): Heap<WaitingPod> {
    return hasError ? this.#errorBackoff : this.#backoff;
  }

  #early(): WaitingPod | undefined {
    const next = this.#backoff.peek();
    return next && !this.#isGated(next) ? this.#backoff.pop() : undefined;
  }

  #isGated({ pod }: WaitingPod): boolean {
    const { preEnqueue } = this.#options.profileOf(pod);
    return preEnqueue.some((plugin) => plugin.preEnqueue!(pod).code !== "Success");
  }

  #arm(at: number): void {
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.timer.cancel();
    const timer = this.#options.clock.after(Math.max(0, at - this.#now()), () => {
      this.#timer = undefined;
      this.#flush();
    });
    this.#timer = { at, timer };
  }

  #flush(): void {
    const now = this.#now();
    for (const heap of [this.#backoff, this.#errorBackoff]) {
      let next = heap.peek();
      for (; next && next.backoffUntil <= now; next = heap.peek()) this.#enter(heap.pop()!);
      if (next) this.#arm(next.backoffUntil);
    }
    for (const waiting of this.#rejected) {
      if (waiting.since + maxRejectedMs > now) {
        this.#arm(waiting.since + maxRejectedMs);
        break;
      }
      waiting.isHeld = false;
      this.#wake(waiting);
    }
  }
}

function byBackoff(a: WaitingPod, b: WaitingPod): number {
  return a.backoffUntil - b.backoffUntil || b.pod.priority - a.pod.priority || a.order - b.order;
}

function keysOf({ rejectedBy }: WaitingPod): Iterable<string> {
  return rejectedBy.size === 0 ? [""] : rejectedBy;
}
