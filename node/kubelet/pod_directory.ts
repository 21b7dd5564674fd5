import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import type { ContainerState } from "../runtime/runtime_service.ts";
import type { NodeContext } from "./node_context.ts";
import { isHolder } from "./pid_holder.ts";
import { runsOf, uidOf } from "./pod_containers.ts";
import type { PodWorkers } from "./pod_workers.ts";

/** What the node's server (logs, exec, attach, port-forward, stats) asks about the pods of this node. */
export class PodDirectory {
  readonly #workers: PodWorkers;
  readonly #node: NodeContext;

  constructor(workers: PodWorkers, node: NodeContext) {
    this.#workers = workers;
    this.#node = node;
  }

  /** Every pod that anything is left of here, with the status as the node has it. */
  list(): Pod[] {
    return this.#workers.all.map(({ pod, uid }) => {
      const status = this.#node.statuses.get(uid);
      return status ? { ...pod, status: { ...pod.status, ...status } } : pod;
    });
  }

  find(namespace: string, name: string): Pod | undefined {
    return this.#workers.find(namespace, name)?.pod;
  }

  /** The newest run of a container, or with `previous` the one before; undefined if there is none. */
  async container(
    pod: Pod,
    name: string,
    options: { readonly previous?: boolean } = {},
  ): Promise<ContainerState | undefined> {
    const runs = runsOf(await this.#node.runtime.list(uidOf(pod)), name);
    return runs[options.previous ? 1 : 0];
  }

  /** All containers of a pod that run now. */
  async running(pod: Pod): Promise<ContainerState[]> {
    const states = await this.#node.runtime.list(uidOf(pod));
    return states.filter((one) => one.state === "running" && !isHolder(one));
  }

  /** The network to dial a port of the pod in (see `StreamService.dial`); undefined while it has none. */
  async network(pod: Pod): Promise<string | undefined> {
    const known = this.#workers.get(uidOf(pod))?.sandbox;
    return (known ?? await this.#node.sandboxes.find(uidOf(pod)))?.network;
  }
}
