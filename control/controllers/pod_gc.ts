import type { Node, Pod } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import { keyOf } from "../../shared/informer/informer.ts";
import { setCondition } from "../../shared/meta/conditions.ts";
import { isBeingDeleted } from "../../shared/meta/object_meta.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import type { ControllerContext, ControllerDefinition } from "./controller.ts";
import { OUT_OF_SERVICE, readiness } from "./node_lifecycle/node_health.ts";
import { isTerminal } from "./pods/pod_state.ts";

const PERIOD_MS = 20_000;
/** A node must be missing for this long before its pods are given up. */
const QUARANTINE_MS = 40_000;
/** Finished pods that are kept in the cluster. */
const MAX_TERMINATED = 12_500;

/** Removes pods that no kubelet will ever finish, and the oldest finished ones when there are too many. */
export const podGcController: ControllerDefinition = {
  name: "podgc",
  account: "pod-garbage-collector",
  setup(context) {
    const pods = context.informers.of(resources.pods);
    const nodes = context.informers.of(resources.nodes);
    const missingSince = new Map<string, number>();
    context.enqueue("");
    return async () => {
      const now = context.clock.monotonic();
      const all = pods.list();
      const gone = new Set<string>();
      const names = new Set(all.map((pod) => pod.spec?.nodeName ?? ""));
      for (const name of names) {
        if (name === "" || nodes.get(name)) missingSince.delete(name);
        else if (!missingSince.has(name)) missingSince.set(name, now);
        else if (now - missingSince.get(name)! >= QUARANTINE_MS) {
          // The informer may be behind: only the server knows that there is no such node.
          if (!await context.client.find(resources.nodes, { name })) gone.add(name);
        }
      }
      for (const name of missingSince.keys()) if (!names.has(name)) missingSince.delete(name);
      const plan = podsToRemove(all, {
        gone,
        nodeOf: (name) => nodes.get(name),
        maxTerminated: MAX_TERMINATED,
      });
      for (const { pod, why } of plan) await remove(pod, why, context);
      return { requeueAfterMs: PERIOD_MS };
    };
  },
};

/** Why a pod is removed; empty: it has finished, or nothing of it ever ran. */
type Why = "" | "PodGC: node no longer exists" | "PodGC: node is out of service";

export interface PodGcOptions {
  /** Names of nodes that are known not to exist. */
  readonly gone: ReadonlySet<string>;
  readonly nodeOf: (name: string) => Node | undefined;
  readonly maxTerminated: number;
}

/** Which pods to remove, and why. */
export function podsToRemove(
  pods: readonly Pod[],
  { gone, nodeOf, maxTerminated }: PodGcOptions,
): readonly { readonly pod: Pod; readonly why: Why }[] {
  const plan = new Map<Pod, Why>();
  for (const pod of pods) {
    const nodeName = pod.spec?.nodeName ?? "";
    const node = nodeOf(nodeName);
    if (gone.has(nodeName)) plan.set(pod, "PodGC: node no longer exists");
    else if (!isBeingDeleted(pod)) continue;
    else if (nodeName === "") plan.set(pod, "");
    else if (node && isOutOfService(node)) plan.set(pod, "PodGC: node is out of service");
  }
  const finished = pods.filter((pod) => isTerminal(pod) && !isBeingDeleted(pod));
  const excess = finished.length - maxTerminated;
  if (excess > 0) {
    const ageKey = (pod: Pod) => `${pod.metadata.creationTimestamp} ${keyOf(pod)}`;
    const oldest = finished.toSorted((a, b) => ageKey(a) < ageKey(b) ? -1 : 1).slice(0, excess);
    for (const pod of oldest) plan.set(pod, "");
  }
  return Array.from(plan, ([pod, why]) => ({ pod, why }));
}

function isOutOfService(node: Node): boolean {
  return readiness(node) !== "True" &&
    (node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE) ?? false);
}

async function remove(pod: Pod, why: Why, { client, clock, log }: ControllerContext) {
  const { namespace, name = "", uid } = pod.metadata;
  try {
    if (why !== "" && !isTerminal(pod)) {
      const conditions = setCondition(pod.status?.conditions, {
        type: "DisruptionTarget",
        status: "True",
        reason: "DeletionByPodGC",
        message: why,
      }, timestamp(clock.now()));
      const patch = { metadata: { uid }, status: { phase: "Failed", conditions } };
      await client.patch(resources.pods, { namespace, name }, patch, {
        type: "merge",
        subresource: "status",
      });
    }
    await client.delete(resources.pods, { namespace, name }, {
      gracePeriodSeconds: 0,
      preconditions: { uid },
    });
    log.info("Pod removed", { pod: keyOf(pod), why: why || "finished or never ran" });
  } catch (error) {
    if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
  }
}
