import type { Binding, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { KindDefinition } from "../../../shared/api/kind.ts";
import { notSupported, required } from "../../../shared/meta/field_error.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { Status } from "../../../shared/meta/types.gen.ts";
import { badRequest, conflictError } from "../errors.ts";
import type { ResourceStore } from "../resource_store.ts";
import type { WriteScope } from "../store_types.ts";

const success: Status = {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  code: 201,
};

/**
 * Puts a pod on a node: what the scheduler's verdict comes to. Binding twice is refused, so that two schedulers cannot
 * both believe they placed it. `name`: from the URL.
 */
export async function bindPod(
  binding: Binding,
  name: string,
  { store, kind, scope, now }: {
    readonly store: ResourceStore;
    readonly kind: KindDefinition;
    readonly scope: WriteScope;
    /** `metav1.Time` */
    readonly now: string;
  },
): Promise<Status> {
  if (binding.metadata.name && binding.metadata.name !== name) {
    throw badRequest("name in URL does not match name in Binding object");
  }
  checkTarget(binding);
  const pods = { group: "", plural: "pods/binding" };
  await store.update(
    kind,
    name,
    (object) => {
      const pod = object as Pod;
      const { uid } = binding.metadata;
      if (uid && uid !== pod.metadata.uid) throw changedPod(pod, uid);
      if (pod.metadata.deletionTimestamp) {
        throw conflictError(
          pods,
          name,
          `pod ${name} is being deleted, cannot be assigned to a host`,
        );
      }
      if (pod.spec?.nodeName) {
        throw conflictError(
          pods,
          name,
          `pod ${name} is already assigned to node "${pod.spec.nodeName}"`,
        );
      }
      if (pod.spec?.schedulingGates?.length) {
        throw conflictError(pods, name, `pod ${name} has non-empty .spec.schedulingGates`);
      }
      return bound(pod, binding, now);
    },
    { ...scope, subresource: "binding" },
    { direct: true, keepGeneration: true },
  );
  return success;
}

function checkTarget({ target }: Binding): void {
  const errors = [];
  if (target.kind && target.kind !== "Node") {
    errors.push(notSupported("target.kind", target.kind, ["Node", "<empty>"]));
  }
  if (!target.name) errors.push(required("target.name"));
  const [first] = errors;
  // The reference answers 500 here: the error is not a field error of an object that is stored.
  if (first) throw new StatusError("", `${first.path}: ${first.message}`, { code: 500 });
}

function changedPod(pod: Pod, uid: string): StatusError {
  const { namespace, name = "" } = pod.metadata;
  return conflictError(
    { group: "", plural: "pods" },
    name,
    `StorageError: invalid object, Code: 4, Key: /registry/pods/${namespace}/${name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`,
  );
}

function bound(pod: Pod, binding: Binding, now: string): Pod {
  pod.spec!.nodeName = binding.target.name!;
  const { annotations, labels } = binding.metadata;
  if (annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations };
  if (labels) pod.metadata.labels = { ...pod.metadata.labels, ...labels };
  const conditions = pod.status?.conditions ?? [];
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  const next = {
    type: "PodScheduled",
    status: "True",
    lastProbeTime: null as unknown as undefined,
    lastTransitionTime: scheduled?.status === "True" ? scheduled.lastTransitionTime : now,
  };
  pod.status = {
    ...pod.status,
    conditions: [...conditions.filter(({ type }) => type !== "PodScheduled"), next],
  };
  return pod;
}

/** What `pods/binding` may change: all of what `bindPod` made, and that is all there is. */
export const podBindingPart = { prepareForUpdate() {} };
