import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { ContainerService } from "../runtime/runtime_service.ts";

const retryMs = 1000;

/** Tells when containers end. One subscription to the runtime serves everybody who waits, and none lasts longer. */
export class RunEnds {
  readonly #runtime: Pick<ContainerService, "events" | "list">;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();
  #subscription: AbortController | undefined;

  constructor(runtime: Pick<ContainerService, "events" | "list">, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
  }

  /** Resolves when the container does not run (any more), or when `signal` is aborted. */
  wait(id: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        const set = this.#waiting.get(id);
        set?.delete(done);
        if (set?.size === 0) this.#waiting.delete(id);
        if (this.#waiting.size === 0) this.#unsubscribe();
        resolve();
      };
      if (signal.aborted) return resolve();
      signal.addEventListener("abort", done, { once: true });
      const set = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, set.add(done));
      // Those who join later than the first have missed the resync that a subscription begins with.
      if (this.#subscription) void this.#check().catch(() => {});
      else this.#subscribe();
    });
  }

  #subscribe(): void {
    const subscription = this.#subscription = new AbortController();
    void this.#follow(subscription.signal);
  }

  #unsubscribe(): void {
    this.#subscription?.abort();
    this.#subscription = undefined;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const event of this.#runtime.events(signal)) {
          if (event.type === "resync") await this.#check();
          else if (event.type !== "started") this.#say(event.id);
        }
      } catch { /* the runtime is away: its containers may well go on */ }
      await sleep(this.#clock, retryMs, signal).catch(() => {});
    }
  }

  async #check(): Promise<void> {
    const running = new Set(
      (await this.#runtime.list()).filter(({ state }) => state === "running").map(({ id }) => id),
    );
    for (const id of [...this.#waiting.keys()]) if (!running.has(id)) this.#say(id);
  }

  #say(id: string): void {
    for (const done of [...this.#waiting.get(id) ?? []]) done();
  }
}
