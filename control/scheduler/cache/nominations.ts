import type { PodInfo } from "./pod_info.ts";

const none: readonly PodInfo[] = [];

/** Pods that wait for room being made on a node: others of lower priority must not take it. */
export class Nominations {
  readonly #byPod = new Map<string, { readonly pod: PodInfo; readonly nodeName: string }>();
  readonly #byNode = new Map<string, Map<string, PodInfo>>();

  get isEmpty(): boolean {
    return this.#byPod.size === 0;
  }

  /** Sets where a pod is nominated to; "" withdraws it. */
  set(pod: PodInfo, nodeName: string): void {
    this.delete(pod.uid);
    if (nodeName === "") return;
    this.#byPod.set(pod.uid, { pod, nodeName });
    let pods = this.#byNode.get(nodeName);
    if (!pods) this.#byNode.set(nodeName, pods = new Map());
    pods.set(pod.uid, pod);
  }

  delete(uid: string): void {
    const known = this.#byPod.get(uid);
    if (!known) return;
    this.#byPod.delete(uid);
    const pods = this.#byNode.get(known.nodeName)!;
    pods.delete(uid);
    if (pods.size === 0) this.#byNode.delete(known.nodeName);
  }

  nodeOf(uid: string): string | undefined {
    return this.#byPod.get(uid)?.nodeName;
  }

  /** The pods nominated to a node. */
  on(nodeName: string): readonly PodInfo[] {
    const pods = this.#byNode.get(nodeName);
    return pods ? [...pods.values()] : none;
  }
}
