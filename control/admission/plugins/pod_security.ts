import type { Namespace, Pod, PodSpec } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { ObjectMeta } from "../../../shared/meta/types.gen.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin, AdmissionReader, Attributes } from "../plugin.ts";
import { describeViolations, violationsOf } from "../pod_security/evaluate.ts";
import type { PodLike } from "../pod_security/check.ts";
import { compareLevels, describePolicy, type Policy, policyOf } from "../pod_security/policy.ts";
import { refusal } from "../refusal.ts";

/** How many pods of a namespace are looked at when its level is raised. */
const MAX_PODS = 3000;
const withTemplate = new Set([
  "/replicationcontrollers",
  "/podtemplates",
  "apps/replicasets",
  "apps/deployments",
  "apps/statefulsets",
  "apps/daemonsets",
  "batch/jobs",
  "batch/cronjobs",
]);
const ignoredSubresources = new Set([
  "attach",
  "binding",
  "eviction",
  "exec",
  "log",
  "portforward",
  "proxy",
  "status",
]);

/**
 * Holds pods to the Pod Security Standard that their namespace asks for, warns about templates that would make such
 * pods, and about pods that a raised level leaves behind (KEP-2579).
 */
export function podSecurity({ reader }: PluginDependencies): AdmissionPlugin {
  return {
    name: "PodSecurity",
    handles: ({ kind, operation, subresource }) => {
      if (operation !== "CREATE" && operation !== "UPDATE") return false;
      const name = `${kind.group}/${kind.plural}`;
      if (name === "/pods") return !ignoredSubresources.has(subresource);
      return subresource === "" && (name === "/namespaces" || withTemplate.has(name));
    },
    validate(attributes) {
      const { kind, namespace } = attributes;
      if (kind.plural === "namespaces") return checkNamespace(attributes, reader);
      const found = reader.get<Namespace>("", "namespaces", "", namespace);
      if (!found) {
        throw new StatusError("InternalError", `failed to lookup namespace "${namespace}"`);
      }
      const policy = policyOf(found.metadata.labels);
      if (kind.plural === "pods") checkPod(attributes, policy);
      else warnOfTemplate(attributes, policy);
    },
  };
}

function checkPod(attributes: Attributes, policy: Policy): void {
  const { enforce, warn } = policy;
  if (enforce.level === "privileged" && warn.level === "privileged") return;
  const pod = attributes.object as Pod & PodLike;
  const old = attributes.oldObject as Pod | undefined;
  if (old && !changesSecurity(pod, old)) return;
  const violations = violationsOf(pod, enforce);
  if (violations.length > 0) {
    throw refusal(
      attributes,
      `violates PodSecurity "${describePolicy(enforce)}": ${describeViolations(violations)}`,
    );
  }
  warnOf(pod, policy, attributes);
}

function warnOfTemplate(attributes: Attributes, policy: Policy): void {
  if (policy.warn.level === "privileged") return;
  const template = templateOf(attributes.object!, attributes.kind.plural);
  if (template) warnOf(template, policy, attributes);
}

function warnOf(pod: PodLike, { warn }: Policy, attributes: Attributes): void {
  const violations = violationsOf(pod, warn);
  if (violations.length === 0) return;
  attributes.warn(
    `would violate PodSecurity "${describePolicy(warn)}": ${describeViolations(violations)}`,
  );
}

interface Templated {
  readonly template?: { readonly metadata?: ObjectMeta; readonly spec?: PodSpec };
  readonly jobTemplate?: { readonly spec?: Templated };
}

function templateOf(object: KubeObject, plural: string): PodLike | undefined {
  const { spec, template: own } = object as KubeObject & { spec?: Templated } & Templated;
  const template = plural === "podtemplates"
    ? own
    : plural === "cronjobs"
    ? spec?.jobTemplate?.spec?.template
    : spec?.template;
  return template?.spec && { metadata: template.metadata, spec: template.spec };
}

/** Of what may change in a pod, only images and new containers matter here. */
function changesSecurity(pod: Pod, old: Pod): boolean {
  const known = (spec: Pod["spec"]) =>
    [...spec?.initContainers ?? [], ...spec?.containers ?? [], ...spec?.ephemeralContainers ?? []]
      .map(({ name, image }) => `${name}\n${image}`);
  const before = new Set(known(old.spec));
  return known(pod.spec).some((container) => !before.has(container));
}

function checkNamespace(attributes: Attributes, reader: AdmissionReader): void {
  const { object, oldObject, name } = attributes;
  const next = policyOf(object!.metadata.labels);
  const old = oldObject && policyOf(oldObject.metadata.labels);
  if (next.errors.length > 0 && JSON.stringify(next.errors) !== JSON.stringify(old?.errors)) {
    throw invalidLabels(name || (object!.metadata.name ?? ""), next);
  }
  if (!old || describePolicy(old.enforce) === describePolicy(next.enforce)) return;
  const relaxed = next.enforce.version === old.enforce.version &&
    compareLevels(next.enforce.level, old.enforce.level) <= 0;
  if (next.enforce.level === "privileged" || relaxed) return;
  warnOfPods(attributes, reader.list<Pod>("", "pods", name), next);
}

function warnOfPods(attributes: Attributes, pods: readonly Pod[], { enforce }: Policy): void {
  const { name, warn } = attributes;
  const checked = [...pods].sort(uncontrolledFirst).slice(0, MAX_PODS);
  if (checked.length < pods.length) {
    warn(
      `new PodSecurity enforce level only checked against the first ${checked.length} of ` +
        `${pods.length} existing pods`,
    );
  }
  const byReason = new Map<string, string[]>();
  for (const pod of checked) {
    const reasons = violationsOf(pod as Pod & PodLike, enforce).map(({ reason }) => reason);
    if (reasons.length === 0) continue;
    const key = reasons.join(", ");
    byReason.set(key, [...byReason.get(key) ?? [], pod.metadata.name ?? ""]);
  }
  if (byReason.size === 0) return;
  warn(
    `existing pods in namespace "${name}" violate the new PodSecurity enforce level ` +
      `"${describePolicy(enforce)}"`,
  );
  for (const text of [...byReason].map(describePods).sort()) warn(text);
}

function describePods([reason, names]: readonly [string, readonly string[]]): string {
  const first = [...names].sort()[0];
  const more = names.length - 1;
  if (more === 0) return `${first}: ${reason}`;
  return `${first} (and ${more} other ${more === 1 ? "pod" : "pods"}): ${reason}`;
}

/** Pods of a controller are alike: the others are looked at first. */
function uncontrolledFirst(a: Pod, b: Pod): number {
  return Number(isControlled(a)) - Number(isControlled(b));
}
function isControlled({ metadata }: Pod): boolean {
  return metadata.ownerReferences?.some(({ controller }) => controller) ?? false;
}

function invalidLabels(name: string, { errors }: Policy): StatusError {
  const texts = errors.map(({ path, message }) => `${path}: ${message}`);
  const text = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return new StatusError("Invalid", `Namespace ${JSON.stringify(name)} is invalid: ${text}`, {
    details: {
      name,
      kind: "Namespace",
      causes: errors.map(({ path, reason, message }) => ({ reason, message, field: path })),
    },
  });
}
