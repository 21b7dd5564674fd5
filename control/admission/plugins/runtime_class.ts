import type { Pod, PodSpec, Toleration } from "../../../shared/api/core/v1/types.gen.ts";
import type { RuntimeClass } from "../../../shared/api/node/v1/types.gen.ts";
import { compareQuantities, parseQuantity } from "../../../shared/resource/quantity.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import { refusal } from "../refusal.ts";

/** Adds what a pod's runtime class costs, and where such pods can run (KEP-688). */
export function runtimeClass({ reader }: PluginDependencies): AdmissionPlugin {
  const classOf = (attributes: Attributes): RuntimeClass | undefined => {
    const name = (attributes.object as Pod).spec?.runtimeClassName;
    if (!name) return undefined;
    const found = reader.get<RuntimeClass>("node.k8s.io", "runtimeclasses", "", name);
    if (found) return found;
    throw refusal(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  };
  return {
    name: "RuntimeClass",
    handles: ({ kind, operation, subresource }) =>
      kind.group === "" && kind.plural === "pods" && operation === "CREATE" && subresource === "",
    admit(attributes) {
      const found = classOf(attributes);
      if (!found) return;
      const spec = (attributes.object as Pod).spec!;
      setOverhead(spec, found, attributes);
      setScheduling(spec, found, attributes);
    },
    validate(attributes) {
      const { overhead } = (attributes.object as Pod).spec ?? {};
      if (!overhead || classOf(attributes)?.overhead) return;
      throw refusal(
        attributes,
        "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
      );
    },
  };
}

function setOverhead(spec: PodSpec, { overhead }: RuntimeClass, attributes: Attributes): void {
  const fixed = overhead?.podFixed;
  if (!fixed) return;
  if (spec.overhead && !sameAmounts(spec.overhead, fixed)) {
    throw refusal(
      attributes,
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    );
  }
  spec.overhead = { ...fixed };
}

function setScheduling(spec: PodSpec, { scheduling }: RuntimeClass, attributes: Attributes): void {
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) {
      throw refusal(
        attributes,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; ` +
          `pod.spec.nodeSelector[${key}] = ${own}`,
      );
    }
    (spec.nodeSelector ??= {})[key] = value;
  }
  for (const toleration of scheduling?.tolerations ?? []) {
    if (spec.tolerations?.some((own) => sameToleration(own, toleration))) continue;
    (spec.tolerations ??= []).push({ ...toleration });
  }
}

type Amounts = Readonly<Record<string, string>>;
function sameAmounts(a: Amounts, b: Amounts): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length &&
    names.every((name) =>
      b[name] !== undefined &&
      compareQuantities(parseQuantity(a[name]!), parseQuantity(b[name])) === 0
    );
}

function sameToleration(a: Toleration, b: Toleration): boolean {
  return (["key", "operator", "value", "effect", "tolerationSeconds"] as const)
    .every((field) => (a[field] ?? "") === (b[field] ?? ""));
}
