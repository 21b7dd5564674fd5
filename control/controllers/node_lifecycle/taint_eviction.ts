import type { Pod, Taint, Toleration } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { keyOf } from "../../../shared/informer/informer.ts";
import { setCondition } from "../../../shared/meta/conditions.ts";
import { isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import { type ControllerDefinition, done } from "../controller.ts";
import { isTerminal } from "../pods/pod_state.ts";

/** Deletes pods from nodes with NoExecute taints that they do not tolerate, or no longer. */
export const taintEvictionController: ControllerDefinition = {
  name: "taint-eviction",
  account: "node-controller",
  workers: 4,
  setup({ client, informers, clock, events, enqueue }) {
    const nodes = informers.of(resources.nodes);
    const pods = informers.of(resources.pods);
    pods.addIndex("node", (pod) => pod.spec?.nodeName ? [pod.spec.nodeName] : []);
    /** Since when pods are to go, by uid; wall-clock milliseconds. */
    const announced = new Map<string, number>();
    nodes.onChange((node, previous) => {
      const before = JSON.stringify(noExecute(previous?.spec?.taints));
      if (!node || before === JSON.stringify(noExecute(node.spec?.taints))) return;
      for (const pod of pods.byIndex("node", node.metadata.name!)) enqueue(keyOf(pod));
    });
    pods.onChange((pod, previous) => {
      if (!pod) announced.delete(previous!.metadata.uid!);
      else if (pod.spec?.nodeName && !previous?.spec?.nodeName) enqueue(keyOf(pod));
    });
    return async (key) => {
      const pod = pods.get(key);
      const node = pod?.spec?.nodeName ? nodes.get(pod.spec.nodeName) : undefined;
      if (!pod || !node || isBeingDeleted(pod)) return done;
      const { namespace, name = "", uid = "" } = pod.metadata;
      const since = announced.get(uid) ?? clock.now();
      const wait = evictInMs(pod, noExecute(node.spec?.taints), { now: clock.now(), since });
      if (wait === undefined) {
        if (announced.delete(uid)) {
          const message = `Cancelling deletion of Pod ${namespace}/${name}`;
          events.event(pod, "Normal", "TaintManagerEviction", message);
        }
        return done;
      }
      if (wait > 0) {
        announced.set(uid, since);
        return { requeueAfterMs: wait };
      }
      const message = `Marking for deletion Pod ${namespace}/${name}`;
      events.event(pod, "Normal", "TaintManagerEviction", message);
      announced.delete(uid);
      try {
        const patch = disruptionPatch(pod, timestamp(clock.now()));
        if (!isTerminal(pod)) {
          await client.patch(resources.pods, { namespace, name }, patch, {
            type: "merge",
            subresource: "status",
          });
        }
        await client.delete(resources.pods, { namespace, name }, { preconditions: { uid } });
      } catch (error) {
        if (!isStatus(error, "NotFound")) throw error;
      }
      return done;
    };
  },
};

function disruptionPatch(pod: Pod, now: string): unknown {
  const conditions = setCondition(pod.status?.conditions, {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByTaintManager",
    message: "Taint manager: deleting due to NoExecute taint",
  }, now);
  return { metadata: { uid: pod.metadata.uid }, status: { conditions } };
}

function noExecute(taints: readonly Taint[] | undefined): readonly Taint[] {
  return taints?.filter(({ effect }) => effect === "NoExecute") ?? [];
}

/**
 * Milliseconds until the pod must leave because of the NoExecute taints; 0 or less: now; undefined: it may stay. The
 * shortest toleration counts, from when the taint was added; if the taint does not say, from when it was noticed (`since`).
 */
export function evictInMs(
  pod: Pod,
  taints: readonly Taint[],
  { now, since: noticed }: { readonly now: number; readonly since: number },
): number | undefined {
  let wait: number | undefined;
  for (const taint of taints) {
    const tolerations = pod.spec?.tolerations?.filter((it) => tolerates(it, taint)) ?? [];
    if (tolerations.length === 0) return 0;
    const since = taint.timeAdded === undefined ? noticed : Date.parse(taint.timeAdded);
    for (const { tolerationSeconds } of tolerations) {
      if (tolerationSeconds === undefined) continue;
      const left = since + Math.max(0, tolerationSeconds) * 1000 - now;
      wait = Math.min(wait ?? Infinity, left);
    }
  }
  return wait;
}

/** Whether a toleration covers a taint. An empty key, effect or operator is a wildcard or the default. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key = "", operator = "Equal", value = "", effect = "" } = toleration;
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return key !== "" && value === (taint.value ?? "");
}
