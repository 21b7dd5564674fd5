import type { PodCondition } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import type { EventRecorder } from "../../shared/client/events.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { type Clock, timestamp } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { findCondition } from "../../shared/meta/conditions.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import type { PodInfo } from "./cache/pod_info.ts";

/** Why a pod was not placed, as its `PodScheduled` condition says. */
export interface Report {
  readonly reason: "Unschedulable" | "SchedulerError";
  readonly message: string;
  /** Where room is being made; "" withdraws; absent leaves it. */
  readonly nominatedNodeName?: string | undefined;
}
export interface PodReporterOptions {
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
}

/** The API refuses longer notes. */
const maxNoteLength = 1024;

/** Tells users, in events and in the pod's status, why it waits. Writes nothing that is written already. */
export class PodReporter {
  readonly #options: PodReporterOptions;

  constructor(options: PodReporterOptions) {
    this.#options = options;
  }

  /** The pod got a node. */
  placed(pod: PodInfo, nodeName: string): void {
    const message = `Successfully assigned ${pod.key} to ${nodeName}`;
    this.#options.events.event(pod.pod, "Normal", "Scheduled", message);
  }

  /** The pod must wait. Resolves when its status says so, or the attempt failed: never rejects. */
  async waits(pod: PodInfo, report: Report): Promise<void> {
    const { client, events, log } = this.#options;
    events.event(pod.pod, "Warning", "FailedScheduling", shortened(report.message));
    const status = this.#statusPatch(pod, report);
    if (!status) return;
    const { namespace, name, pod: { metadata: { uid } } } = pod;
    try {
      await client.patch(resources.pods, { namespace, name }, { metadata: { uid }, status }, {
        type: "strategic",
        subresource: "status",
      });
    } catch (error) {
      if (isStatus(error, "NotFound") || isStatus(error, "Conflict")) return;
      log.error("Pod status not written", error, { pod: pod.key });
    }
  }

  /** Undefined if the status says all that already. */
  #statusPatch(
    { pod }: PodInfo,
    { reason, message, nominatedNodeName }: Report,
  ): Record<string, unknown> | undefined {
    const known = findCondition(pod.status?.conditions, "PodScheduled");
    const condition: PodCondition = {
      type: "PodScheduled",
      status: "False",
      reason,
      message,
      lastTransitionTime: (known?.status === "False" && known.lastTransitionTime) ||
        timestamp(this.#options.clock.now()),
    };
    const { generation } = pod.metadata;
    if (generation !== undefined) condition.observedGeneration = generation;
    const isKnown = known?.status === "False" && known.reason === reason &&
      known.message === message && known.observedGeneration === condition.observedGeneration;
    const isNominated = nominatedNodeName === undefined ||
      nominatedNodeName === (pod.status?.nominatedNodeName ?? "");
    if (isKnown && isNominated) return undefined;
    return {
      ...(!isKnown && { conditions: [condition] }),
      ...(!isNominated && { nominatedNodeName: nominatedNodeName || null }),
    };
  }
}

function shortened(message: string): string {
  return message.length <= maxNoteLength ? message : `${message.slice(0, maxNoteLength - 4)} ...`;
}
