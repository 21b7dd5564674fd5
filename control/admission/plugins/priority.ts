import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { PriorityClass } from "../../../shared/api/scheduling/v1/types.gen.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin, AdmissionReader, Attributes } from "../plugin.ts";
import { refusal } from "../refusal.ts";

const GROUP = "scheduling.k8s.io";
const system = new Set(["system-cluster-critical", "system-node-critical"]);

/**
 * Turns a pod's priority class into its priority, and keeps at most one class the default.
 * Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/.
 */
export function priority({ reader }: PluginDependencies): AdmissionPlugin {
  return {
    name: "Priority",
    handles: ({ kind, subresource, operation }) =>
      subresource === "" &&
      (kind.plural === "pods" && kind.group === ""
        ? operation === "CREATE" || operation === "UPDATE"
        : kind.plural === "priorityclasses" && kind.group === GROUP),
    admit(attributes) {
      if (attributes.kind.plural !== "pods") return;
      const pod = attributes.object as Pod;
      if (attributes.operation === "UPDATE") keepPriority(pod, attributes.oldObject as Pod);
      else setPriority(pod, attributes, reader);
    },
    validate(attributes) {
      if (attributes.kind.plural === "priorityclasses") checkClass(attributes, reader);
    },
  };
}

interface Resolved {
  readonly name: string;
  readonly value: number;
  readonly preemptionPolicy: string;
}

function setPriority(pod: Pod, attributes: Attributes, reader: AdmissionReader): void {
  const spec = pod.spec!;
  const { name, value, preemptionPolicy } = resolve(spec.priorityClassName, attributes, reader);
  if (name !== "") spec.priorityClassName = name;
  if (spec.priority !== undefined && spec.priority !== value) {
    throw refusal(
      attributes,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; ` +
        `priority admission controller computed ${value} from the given PriorityClass name`,
    );
  }
  spec.priority = value;
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    throw refusal(
      attributes,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in ` +
        `pod spec; priority admission controller computed ${preemptionPolicy} from the given ` +
        "PriorityClass name",
    );
  }
  spec.preemptionPolicy = preemptionPolicy;
}

function resolve(
  name: string | undefined,
  attributes: Attributes,
  reader: AdmissionReader,
): Resolved {
  const found = name
    ? reader.get<PriorityClass>(GROUP, "priorityclasses", "", name)
    : defaultClass(reader);
  if (name && !found) {
    throw refusal(attributes, `no PriorityClass with name ${name} was found`);
  }
  return {
    name: found?.metadata.name ?? "",
    value: found?.value ?? 0,
    preemptionPolicy: found?.preemptionPolicy ?? "PreemptLowerPriority",
  };
}

/** The least one, should two have become the default at the same moment. */
function defaultClass(reader: AdmissionReader): PriorityClass | undefined {
  let least: PriorityClass | undefined;
  for (const one of reader.list<PriorityClass>(GROUP, "priorityclasses")) {
    if (one.globalDefault && (!least || (one.value ?? 0) < (least.value ?? 0))) least = one;
  }
  return least;
}

/** Clients that do not know the fields leave them out; they are not theirs to clear. */
function keepPriority(pod: Pod, old: Pod): void {
  if (pod.spec!.priority === undefined && old.spec?.priority !== undefined) {
    pod.spec!.priority = old.spec.priority;
  }
  if (pod.spec!.preemptionPolicy === undefined && old.spec?.preemptionPolicy !== undefined) {
    pod.spec!.preemptionPolicy = old.spec.preemptionPolicy;
  }
}

function checkClass(attributes: Attributes, reader: AdmissionReader): void {
  if (attributes.operation === "DELETE") {
    if (!system.has(attributes.name)) return;
    throw refusal(attributes, "this is a system priority class and cannot be deleted");
  }
  const changed = attributes.object as PriorityClass;
  if (!changed.globalDefault) return;
  const other = defaultClass(reader);
  if (!other || other.metadata.name === changed.metadata.name) return;
  throw refusal(
    attributes,
    `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
  );
}
