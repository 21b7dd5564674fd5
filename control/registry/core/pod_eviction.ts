import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { KindDefinition } from "../../../shared/api/kind.ts";
import type { Eviction, PodDisruptionBudget } from "../../../shared/api/policy/v1/types.gen.ts";
import { fromLabelSelector } from "../../../shared/meta/labels.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { Status } from "../../../shared/meta/types.gen.ts";
import type { AdmissionReader } from "../../admission/plugin.ts";
import { badRequest, notFoundError } from "../errors.ts";
import type { ResourceStore } from "../resource_store.ts";
import type { WriteScope } from "../store_types.ts";

const success: Status = {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  code: 201,
};
/** How many disrupted pods a budget may have on record at once; beyond that its controller is far behind. */
const maxDisruptedPods = 2000;
const retrySeconds = 10;

export interface EvictionDeps {
  readonly reader: AdmissionReader;
  readonly pods: ResourceStore;
  readonly budgets: ResourceStore;
  readonly podKind: KindDefinition;
  readonly scope: WriteScope;
  /** `metav1.Time` */
  readonly now: string;
}

/** Deletes a pod unless a disruption budget speaks against it (API-initiated eviction). `name`: from the URL. */
export async function evictPod(
  eviction: Eviction,
  name: string,
  deps: EvictionDeps,
): Promise<Status> {
  const { reader, pods, podKind, scope } = deps;
  if (eviction.metadata.name && eviction.metadata.name !== name) {
    throw badRequest("name in URL does not match name in Eviction object");
  }
  const pod = reader.get<Pod>("", "pods", scope.namespace, name);
  if (!pod) throw notFoundError(podKind, name);
  if (!needsNoBudget(pod)) await spendBudget(pod, deps);
  const options = eviction.deleteOptions ?? {};
  await pods.delete(podKind, name, options, { ...scope, subresource: "" }, { direct: true });
  return success;
}

/** A pod that does not run, or is going already, disrupts nobody. */
function needsNoBudget({ status, metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined || status?.phase === "Pending" ||
    status?.phase === "Succeeded" || status?.phase === "Failed";
}

async function spendBudget(pod: Pod, { reader, budgets, scope, now }: EvictionDeps): Promise<void> {
  const covering = reader.list<PodDisruptionBudget>(
    "policy",
    "poddisruptionbudgets",
    scope.namespace,
  )
    .filter(({ spec }) => spec && fromLabelSelector(spec.selector).matches(pod.metadata.labels));
  const [budget] = covering;
  if (!budget) return;
  if (covering.length > 1) {
    throw new StatusError(
      "InternalError",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  if (!isReady(pod) && toleratesUnready(budget)) return;
  await budgets.update(
    budgets.kind,
    budget.metadata.name!,
    (object) => {
      const current = object as PodDisruptionBudget;
      checkBudget(current);
      const { status = {} } = current;
      current.status = {
        ...status,
        disruptionsAllowed: status.disruptionsAllowed! - 1,
        disruptedPods: { ...status.disruptedPods, [pod.metadata.name!]: now },
      };
      return current;
    },
    { ...scope, subresource: "status" },
    { direct: true },
  );
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ??
    false;
}

/** A pod that is not ready is not counted as healthy: losing it costs nothing (KEP-3017). */
function toleratesUnready({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  return (status?.currentHealthy ?? 0) >= (status?.desiredHealthy ?? 0) &&
    (status?.desiredHealthy ?? 0) > 0;
}

function checkBudget({ metadata, status = {} }: PodDisruptionBudget): void {
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw tooManyRequests(
      `The disruption budget ${metadata.name} is still being processed by the server.`,
    );
  }
  if ((status.disruptionsAllowed ?? 0) <= 0) {
    throw tooManyRequests(
      `The disruption budget ${metadata.name} needs ${
        status.desiredHealthy ?? 0
      } healthy pods and has ${status.currentHealthy ?? 0} currently`,
    );
  }
  if (Object.keys(status.disruptedPods ?? {}).length > maxDisruptedPods) {
    throw tooManyRequests(
      "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
    );
  }
}

function tooManyRequests(cause: string): StatusError {
  return new StatusError(
    "TooManyRequests",
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      details: {
        causes: [{ reason: "DisruptionBudget", message: cause }],
        retryAfterSeconds: retrySeconds,
      },
    },
  );
}
