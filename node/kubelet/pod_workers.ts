import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import type { NodeContext } from "./node_context.ts";
import { podKey, uidOf } from "./pod_containers.ts";
import type { PodFailure } from "./pod_status.ts";
import { PodWorker } from "./pod_worker.ts";

export interface PodWorkersOptions {
  readonly node: NodeContext;
  /** Asked once for each pod that is new on the node, with those that are there. */
  readonly admit: (pod: Pod, others: readonly Pod[]) => PodFailure | undefined;
}

/** One worker for each pod of the node, from its first sight until nothing is left of it. */
export class PodWorkers {
  readonly #options: PodWorkersOptions;
  readonly #workers = new Map<string, PodWorker>();

  constructor(options: PodWorkersOptions) {
    this.#options = options;
  }

  /** The pod as the API has it now. */
  update(pod: Pod): void {
    const known = this.#workers.get(uidOf(pod));
    if (known) known.update(pod);
    else this.#add(pod);
  }

  /** The API no longer has the pod. */
  gone(pod: Pod): void {
    this.#workers.get(uidOf(pod))?.update(undefined);
  }

  get(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  find(namespace: string, name: string): PodWorker | undefined {
    const key = `${namespace}/${name}`;
    return [...this.#workers.values()].findLast(({ pod }) => podKey(pod) === key);
  }

  get all(): readonly PodWorker[] {
    return [...this.#workers.values()];
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((worker) => worker.stop()));
  }

  #add(pod: Pod): void {
    const { node, admit } = this.#options;
    const uid = uidOf(pod);
    const others = this.all.map((worker) => worker.pod).filter((other) => !isOver(other));
    const worker = new PodWorker(pod, node);
    this.#workers.set(uid, worker);
    void worker.finished.then(() => this.#workers.delete(uid));
    // A pod with a start time was admitted before, perhaps by an agent before us.
    const fresh = pod.status?.startTime === undefined && !isOver(pod) &&
      pod.metadata.deletionTimestamp === undefined;
    const failure = fresh ? admit(pod, others) : undefined;
    if (failure) {
      node.events.event(pod, "Warning", failure.reason, failure.message);
      worker.fail(failure);
    } else worker.update(pod);
  }
}

function isOver({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}
