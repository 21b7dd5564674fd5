import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import {
  type ContainerState,
  labelNames,
  type RuntimeService,
} from "../runtime/runtime_service.ts";

export interface RelisterOptions {
  readonly runtime: RuntimeService;
  readonly clock: Clock;
  readonly log: Log;
  /** The pod's containers are not as they were. */
  readonly wake: (podUid: string) => void;
}

/** Events carry every change; the list behind them is compared now and then in case one was lost. */
const RELIST_MS = 60_000;

/** Wakes the workers of pods whose containers begin or end. */
export class Relister {
  readonly #options: RelisterOptions;
  #last = new Map<string, string>();

  constructor(options: RelisterOptions) {
    this.#options = options;
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#follow(signal), this.#relist(signal)]);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for await (const event of this.#options.runtime.events(signal)) {
      if (event.type === "resync") await this.#compare();
      // What begins or is removed is our own doing; what ends may not be.
      else if (event.type === "died") this.#options.wake(event.podUid);
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#options.clock, RELIST_MS, signal).catch(() => {});
      if (!signal.aborted) await this.#compare();
    }
  }

  async #compare(): Promise<void> {
    const { runtime, wake, log } = this.#options;
    try {
      const now = summarize(await runtime.list());
      for (const [uid, text] of now) if (this.#last.get(uid) !== text) wake(uid);
      for (const uid of this.#last.keys()) if (!now.has(uid)) wake(uid);
      this.#last = now;
    } catch (error) {
      log.warn("Containers not listed", { error: String(error) });
    }
  }
}

/** By pod: which containers there are and how they are. */
function summarize(states: readonly ContainerState[]): Map<string, string> {
  const summary = new Map<string, string>();
  for (const { id, state, labels } of states) {
    const uid = labels[labelNames.podUid] ?? "";
    summary.set(uid, `${summary.get(uid) ?? ""} ${id}:${state}`);
  }
  return summary;
}
