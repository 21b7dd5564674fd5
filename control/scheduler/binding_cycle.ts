import type { NodeInfo } from "./cache/node_info.ts";
import type { PodInfo } from "./cache/pod_info.ts";
import { type Failure, type Rejection, type Success, success } from "./framework.ts";
import type { Profile } from "./profile.ts";

export interface BindingCycleOptions {
  readonly profile: Pick<Profile, "reserves" | "preBinds" | "binder" | "plugins">;
}

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
    const tasks = this.#options.profile.preBinds.flatMap((plugin) => {
      const task = plugin.preBind!(pod, node);
      return task ? naming("PreBind", plugin.name, task) : [];
    });
    return tasks.length === 0 ? undefined : Promise.all(tasks).then(() => {});
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
