import type { Job } from "../../../shared/api/batch/v1/types.gen.ts";
import type { Container, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { findCondition } from "../../../shared/meta/conditions.ts";
import { hasFinalizer, isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { podFromTemplate } from "../pods/pod_from_template.ts";
import { isTerminal } from "../pods/pod_state.ts";

/** On a pod until the Job has counted it, so that none is deleted uncounted. */
export const TRACKING = "batch.kubernetes.io/job-tracking";
/** Which of the Job's completions a pod works on; an annotation and a label. */
export const INDEX = "batch.kubernetes.io/job-completion-index";

/** The pod of a Job, for one index if the Job counts by index. */
export function jobPod(job: Job, index: number | undefined): Pod {
  const pod = podFromTemplate(job, job.spec!.template);
  pod.metadata.finalizers = [...pod.metadata.finalizers ?? [], TRACKING];
  if (index === undefined) return pod;
  const text = String(index);
  pod.metadata.generateName = `${job.metadata.name}-${text}-`;
  pod.metadata.annotations = { ...pod.metadata.annotations, [INDEX]: text };
  pod.metadata.labels = { ...pod.metadata.labels, [INDEX]: text };
  pod.spec = {
    ...pod.spec!,
    hostname: `${job.metadata.name}-${text}`,
    containers: pod.spec!.containers.map(withIndex),
    ...(pod.spec!.initContainers && { initContainers: pod.spec!.initContainers.map(withIndex) }),
  };
  return pod;
}

function withIndex(container: Container): Container {
  if (container.env?.some(({ name }) => name === "JOB_COMPLETION_INDEX")) return container;
  const fieldRef = { apiVersion: "v1", fieldPath: `metadata.labels['${INDEX}']` };
  return {
    ...container,
    env: [...container.env ?? [], { name: "JOB_COMPLETION_INDEX", valueFrom: { fieldRef } }],
  };
}

export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[INDEX];
  return text === undefined || !/^[0-9]+$/.test(text) ? undefined : Number(text);
}

export function isTracked(pod: Pod): boolean {
  return hasFinalizer(pod, TRACKING);
}

/** Whether the pod counts as a failure; one that is going does too, unless only failed ones are replaced. */
export function hasFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === "Failed") return true;
  const onlyFailed = job.spec?.podReplacementPolicy === "Failed" ||
    job.spec?.podFailurePolicy !== undefined;
  return !onlyFailed && isBeingDeleted(pod) && !isTerminal(pod);
}

/** What the Job's podFailurePolicy says of a failed pod. */
export type FailureVerdict =
  | { readonly action: "Count" | "Ignore" }
  | { readonly action: "FailJob"; readonly message: string };

/** The first rule that matches decides; without a match the failure counts. */
export function judgeFailure(pod: Pod, job: Job): FailureVerdict {
  for (const [at, rule] of (job.spec?.podFailurePolicy?.rules ?? []).entries()) {
    const found = matchingContainer(pod, rule.onExitCodes) ?? matchingCondition(pod, rule);
    if (found === undefined) continue;
    if (rule.action !== "FailJob") {
      return { action: rule.action === "Ignore" ? "Ignore" : "Count" };
    }
    return { action: "FailJob", message: `${found} matching FailJob rule at index ${at}` };
  }
  return { action: "Count" };
}

type Rule = NonNullable<NonNullable<Job["spec"]>["podFailurePolicy"]>["rules"][number];

function matchingContainer(pod: Pod, codes: Rule["onExitCodes"]): string | undefined {
  if (!codes) return undefined;
  const statuses = [
    ...pod.status?.initContainerStatuses ?? [],
    ...pod.status?.containerStatuses ?? [],
  ];
  for (const { name, state } of statuses) {
    const code = state?.terminated?.exitCode;
    if (!code || (codes.containerName && codes.containerName !== name)) continue;
    if (codes.values.includes(code) === (codes.operator === "In")) {
      const { namespace, name: podName } = pod.metadata;
      return `Container ${name} for pod ${namespace}/${podName} failed with exit code ${code}`;
    }
  }
  return undefined;
}

function matchingCondition(pod: Pod, { onPodConditions }: Rule): string | undefined {
  const found = onPodConditions?.find(({ type, status = "True" }) =>
    findCondition(pod.status?.conditions, type)?.status === status
  );
  return found && `Pod ${pod.metadata.namespace}/${pod.metadata.name} has condition ${found.type}`;
}
