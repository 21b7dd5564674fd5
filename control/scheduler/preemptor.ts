import type { PodCondition } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import type { EventRecorder } from "../../shared/client/events.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { type Clock, timestamp } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import type { Nominations } from "./cache/nominations.ts";
import type { PodInfo } from "./cache/pod_info.ts";
import type { Preemption } from "./framework.ts";
import type { SchedulingQueue } from "./queue/scheduling_queue.ts";

export interface PreemptorOptions {
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly queue: SchedulingQueue;
  readonly nominations: Nominations;
}

/** Makes room as decided: says to the victims why they go, then deletes them. */
export class Preemptor {
  readonly #options: PreemptorOptions;

  constructor(options: PreemptorOptions) {
    this.#options = options;
  }

  /** Resolves when the API took all deletions or refused one; never rejects. The pod is held meanwhile. */
  async carryOut({ pod, nodeName, victims }: Preemption): Promise<void> {
    const { queue, log } = this.#options;
    queue.hold(pod.uid);
    const leaving = victims.filter(({ isTerminating }) => !isTerminating);
    let hasFailed = false;
    try {
      await Promise.all([
        ...leaving.map((victim) => this.#evict(victim, pod, nodeName)),
        ...this.#lowerNominated(pod, nodeName).map((other) => this.#withdraw(other)),
      ]);
    } catch (error) {
      hasFailed = true;
      log.error("Preemption failed", error, { pod: pod.key, node: nodeName });
    }
    queue.release(pod.uid, { retry: hasFailed });
  }

  async #evict(victim: PodInfo, preemptor: PodInfo, nodeName: string): Promise<void> {
    const { client, clock, events } = this.#options;
    const { namespace, name, pod: { metadata: { uid, generation } } } = victim;
    const ref = { namespace, name };
    const scheduler = preemptor.pod.spec?.schedulerName ?? "default-scheduler";
    const condition: PodCondition = {
      type: "DisruptionTarget",
      status: "True",
      reason: "PreemptionByScheduler",
      message: `${scheduler}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: timestamp(clock.now()),
      ...(generation !== undefined && { observedGeneration: generation }),
    };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    try {
      await client.patch(resources.pods, ref, patch, { type: "strategic", subresource: "status" });
      await client.delete(resources.pods, ref, uid === undefined ? {} : { preconditions: { uid } });
    } catch (error) {
      // Gone already, which is as good.
      if (isStatus(error, "NotFound") || isStatus(error, "Conflict")) return;
      throw error;
    }
    const message = `Preempted by pod ${preemptor.uid} on node ${nodeName}`;
    events.event(victim.pod, "Normal", "Preempted", message);
  }

  /** Pods that were to get the room that `pod` gets now. */
  #lowerNominated(pod: PodInfo, nodeName: string): readonly PodInfo[] {
    return this.#options.nominations.on(nodeName)
      .filter(({ priority }) => priority < pod.priority);
  }

  async #withdraw(pod: PodInfo): Promise<void> {
    const { client, nominations, queue } = this.#options;
    nominations.delete(pod.uid);
    const { namespace, name, pod: { metadata: { uid } } } = pod;
    const patch = { metadata: { uid }, status: { nominatedNodeName: null } };
    try {
      await client.patch(resources.pods, { namespace, name }, patch, {
        type: "strategic",
        subresource: "status",
      });
    } catch (error) {
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    }
    queue.wake(pod.uid);
  }
}
