import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import type { Queued } from "../framework.ts";

/**
 * Where a pod waits. `active`: for its turn; `backoff`: for the end of its back-off; `rejected`: for an event that may
 * help; `gated`: for a plugin to let it in; `inFlight`: popped, and not reported back.
 */
export type Place = "active" | "backoff" | "rejected" | "gated" | "inFlight";

/** A pod on its way to a node. Changed by the queue alone. */
export interface WaitingPod extends Queued {
  pod: PodInfo;
  since: number;
  readonly order: number;
  place: Place;
  /** Turns in a row that ended with a rejection or an error; they make the back-off longer. */
  failures: number;
  /** Whether the last turn ended with an error: such a back-off is never cut short. */
  hasError: boolean;
  /** When the back-off ends, monotonic milliseconds. */
  backoffUntil: number;
  /** The plugins that rejected it. Empty: any event may help. */
  rejectedBy: ReadonlySet<string>;
  /** While preemption is carried out for it, it is not tried; an event meanwhile is remembered. */
  isHeld: boolean;
  wasWoken: boolean;
}

/** Whether two versions of an unbound pod differ in what placement looks at (all but status and versions). */
export function asksTheSame(a: Pod, b: Pod): boolean {
  return a === b || textOf(a) === textOf(b);
}

function textOf({ metadata: { labels, annotations, ownerReferences }, spec }: Pod): string {
  return JSON.stringify([labels, annotations, ownerReferences, spec]);
}
