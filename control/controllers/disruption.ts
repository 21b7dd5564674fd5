import { isDeepStrictEqual } from "node:util";
import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import type {
  PodDisruptionBudget,
  PodDisruptionBudgetStatus,
} from "../../shared/api/policy/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import { type InformerSet, keyOf } from "../../shared/informer/informer.ts";
import { setCondition } from "../../shared/meta/conditions.ts";
import { fromLabelSelector } from "../../shared/meta/labels.ts";
import { controllerOf, isBeingDeleted } from "../../shared/meta/object_meta.ts";
import { type ControllerDefinition, done } from "./controller.ts";
import { isReady, isTerminal } from "./pods/pod_state.ts";
import { shareOf } from "./pods/share_of.ts";

/** An eviction that was granted is taken for done, or for failed, after this long. */
const EVICTION_MS = 120_000;

/** Says for each PodDisruptionBudget how many of its pods may be evicted now. */
export const disruptionController: ControllerDefinition = {
  name: "disruption",
  account: "disruption-controller",
  setup({ client, informers, clock, events, enqueue }) {
    const budgets = informers.of(resources.poddisruptionbudgets);
    const pods = informers.of(resources.pods);
    const sizes = new OwnerSizes(informers);
    budgets.onChange((budget) => budget && enqueue(keyOf(budget)));
    pods.onChange((pod, previous) => {
      if (pod && previous && isSameForBudgets(pod, previous)) return;
      for (const budget of budgets.list((pod ?? previous)!.metadata.namespace)) {
        const selector = fromLabelSelector(budget.spec?.selector);
        const concerned = [pod, previous].some((it) => it && selector.matches(it.metadata.labels));
        if (concerned) enqueue(keyOf(budget));
      }
    });
    return async (key) => {
      const budget = budgets.get(key);
      if (!budget || isBeingDeleted(budget)) return done;
      const selector = fromLabelSelector(budget.spec?.selector);
      const selected = pods.list(budget.metadata.namespace)
        .filter((pod) => selector.matches(pod.metadata.labels) && !isTerminal(pod));
      const expected = expectedPods(budget, selected, (pod) => sizes.of(pod));
      if (typeof expected === "string") {
        events.event(budget, "Warning", "CalculateExpectedPodCountFailed", expected);
      }
      const now = clock.now();
      const { status, nextMs } = budgetStatus(budget, selected, { expected, now });
      if (!isDeepStrictEqual(status, budget.status)) {
        await client.update(resources.poddisruptionbudgets, { ...budget, status }, {
          subresource: "status",
        });
      }
      return nextMs === undefined ? done : { requeueAfterMs: nextMs };
    };
  },
};

function isSameForBudgets(a: Pod, b: Pod): boolean {
  return isReady(a) === isReady(b) && isTerminal(a) === isTerminal(b) &&
    isBeingDeleted(a) === isBeingDeleted(b) &&
    isDeepStrictEqual(a.metadata.labels, b.metadata.labels);
}

/** The sizes of what owns pods, by the UID of the outermost owner. */
class OwnerSizes {
  readonly #informers: InformerSet;

  constructor(informers: InformerSet) {
    this.#informers = informers;
    // Asked for now, so that they are known before the first run.
    informers.of(resources.replicasets);
    informers.of(resources.statefulsets);
    informers.of(resources.deployments);
    informers.of(resources.replicationcontrollers);
  }

  /** undefined: the pod has no owner whose size is known. */
  of(pod: Pod): { uid: string; size: number } | undefined {
    const owner = controllerOf(pod);
    if (!owner) return undefined;
    const { namespace } = pod.metadata;
    const set = this.#find(owner.kind, `${namespace}/${owner.name}`);
    if (!set || set.metadata.uid !== owner.uid) return undefined;
    const outer = controllerOf(set);
    const deployment = outer?.kind === "Deployment"
      ? this.#find(outer.kind, `${namespace}/${outer.name}`)
      : undefined;
    const { metadata, spec } = deployment ?? set;
    return { uid: metadata.uid!, size: spec?.replicas ?? 1 };
  }

  #find(kind: string, key: string) {
    const informers = this.#informers;
    switch (kind) {
      case "ReplicaSet":
        return informers.of(resources.replicasets).get(key);
      case "StatefulSet":
        return informers.of(resources.statefulsets).get(key);
      case "Deployment":
        return informers.of(resources.deployments).get(key);
      case "ReplicationController":
        return informers.of(resources.replicationcontrollers).get(key);
      default:
        return undefined;
    }
  }
}

/** How many pods there should be, and how many of them well; a text says why that cannot be known. */
export function expectedPods(
  { spec }: PodDisruptionBudget,
  pods: readonly Pod[],
  sizeOf: (pod: Pod) => { uid: string; size: number } | undefined,
): { readonly expected: number; readonly healthy: number } | string {
  const { minAvailable, maxUnavailable } = spec ?? {};
  if (maxUnavailable === undefined && typeof minAvailable === "number") {
    return { expected: pods.length, healthy: minAvailable };
  }
  const owners = new Map<string, number>();
  for (const pod of pods) {
    const owner = sizeOf(pod);
    if (!owner) return `found no controllers for pod "${pod.metadata.name}"`;
    owners.set(owner.uid, owner.size);
  }
  const expected = owners.values().reduce((sum, size) => sum + size, 0);
  if (maxUnavailable !== undefined) {
    return { expected, healthy: Math.max(0, expected - shareOf(maxUnavailable, expected, "up")) };
  }
  return { expected, healthy: shareOf(minAvailable, expected, "up") };
}

/** The status, and the milliseconds until a granted eviction is no longer counted. */
export function budgetStatus(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  { expected, now }: { readonly expected: ReturnType<typeof expectedPods>; readonly now: number },
): { readonly status: PodDisruptionBudgetStatus; readonly nextMs: number | undefined } {
  const disrupted = new Map<string, string>();
  let nextMs: number | undefined;
  for (const pod of pods) {
    const at = budget.status?.disruptedPods?.[pod.metadata.name!];
    if (at === undefined || isBeingDeleted(pod)) continue;
    const left = Date.parse(at) + EVICTION_MS - now;
    if (left <= 0) continue;
    disrupted.set(pod.metadata.name!, at);
    nextMs = Math.min(nextMs ?? Infinity, left);
  }
  const currentHealthy =
    pods.filter((pod) => isReady(pod) && !isBeingDeleted(pod) && !disrupted.has(pod.metadata.name!))
      .length;
  const known = typeof expected === "string" ? undefined : expected;
  const disruptionsAllowed = known && known.expected > 0
    ? Math.max(0, currentHealthy - known.healthy)
    : 0;
  const [status, reason] = known === undefined
    ? ["False", "SyncFailed"]
    : disruptionsAllowed > 0
    ? ["True", "SufficientPods"]
    : ["False", "InsufficientPods"];
  const conditions = setCondition(budget.status?.conditions, {
    type: "DisruptionAllowed",
    status,
    reason,
    message: typeof expected === "string" ? expected : "",
    lastTransitionTime: timestamp(now),
    ...(budget.metadata.generation !== undefined &&
      { observedGeneration: budget.metadata.generation }),
  }, timestamp(now));
  return {
    nextMs,
    status: {
      ...(budget.metadata.generation !== undefined &&
        { observedGeneration: budget.metadata.generation }),
      ...(disrupted.size > 0 && { disruptedPods: Object.fromEntries(disrupted) }),
      disruptionsAllowed,
      currentHealthy,
      desiredHealthy: known?.healthy ?? budget.status?.desiredHealthy ?? 0,
      expectedPods: known?.expected ?? budget.status?.expectedPods ?? 0,
      conditions: [...conditions],
    },
  };
}
