import type { Clock } from "../../shared/clock/clock.ts";
import type { NodeInfo } from "./cache/node_info.ts";
import type { PodInfo } from "./cache/pod_info.ts";
import { type Failure, type Rejection, type Success, success } from "./framework.ts";
import type { Profile } from "./profile.ts";

export interface BindingCycleOptions {
  readonly clock: Clock;
  readonly profile: Pick<Profile, "reserves" | "preBinds" | "binder" | "plugins">;
  readonly signal: AbortSignal;
}

/** How long volumes may take to be bound. */
const preBindTimeoutMs = 600_000;

/** What is done with a node once it is chosen. */
export class BindingCycle {
  readonly #options: BindingCycleOptions;

  constructor(options: BindingCycleOptions) {
    this.#options = options;
  }

  /** Reserves what plugins keep account of; all or nothing. */
  reserve(pod: PodInfo, node: NodeInfo): Success | Rejection | Failure {
    for (const plugin of this.#options.profile.reserves) {
      const verdict = plugin.reserve!(pod, node);
      if (verdict.code === "Success") continue;
      this.unreserve(pod, node);
      return verdict;
    }
    return success;
  }

  /** Gives back what was reserved. Harmless if nothing was. */
  unreserve(pod: PodInfo, node: NodeInfo): void {
    for (const plugin of this.#options.profile.plugins.toReversed()) plugin.unreserve?.(pod, node);
  }

  /** Does what must be done before; undefined if that is nothing. Rejects with the reason to give up. */
  prepare(pod: PodInfo, node: NodeInfo): Promise<void> | undefined {
    let limit: { readonly signal: AbortSignal; end(): void } | undefined;
    const signal = () => (limit ??= this.#limit()).signal;
    const tasks = this.#options.profile.preBinds.flatMap((plugin) => {
      const task = plugin.preBind!(pod, node, signal);
      return task ? naming("PreBind", plugin.name, task) : [];
    });
    if (tasks.length === 0) return undefined;
    return Promise.all(tasks).then(() => {}).finally(() => limit?.end());
  }

  /** Binds. Rejects with what the API answered. */
  async bind(pod: PodInfo, node: NodeInfo): Promise<void> {
    const { binder } = this.#options.profile;
    try {
      await naming("Bind", binder.name, binder.bind!(pod, node));
    } catch (error) {
      throw new Error(`binding rejected: ${messageOf(error)}`, { cause: error });
    }
  }

  /** A signal that is aborted when the time for preBind is over, or the scheduler stops. */
  #limit(): { readonly signal: AbortSignal; end(): void } {
    const { clock, signal } = this.#options;
    const over = new AbortController();
    const onStop = () => over.abort(signal.reason);
    signal.addEventListener("abort", onStop, { once: true });
    const timer = clock.after(
      preBindTimeoutMs,
      () => over.abort(new Error("context deadline exceeded")),
    );
    return {
      signal: over.signal,
      end() {
        timer.cancel();
        signal.removeEventListener("abort", onStop);
      },
    };
  }
}

/** Says in the error which plugin failed, and where. */
async function naming(point: string, name: string, task: Promise<void>): Promise<void> {
  try {
    await task;
  } catch (error) {
    const text = `running ${point} plugin ${JSON.stringify(name)}: ${messageOf(error)}`;
    throw new Error(text, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
