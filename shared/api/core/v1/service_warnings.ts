import type { Service } from "./types.gen.ts";

const TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints";

/** Fields that have no effect together, or none in the future. */
export function serviceWarnings(obj: Service, old?: Service): readonly string[] {
  const spec = obj.spec ?? {};
  const warnings: string[] = [];
  if (obj.metadata.annotations?.[TOPOLOGY_HINTS] !== undefined) {
    warnings.push(
      `annotation ${TOPOLOGY_HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`,
    );
  }
  const isExternal = spec.type === "ExternalName";
  if (spec.externalIPs?.length) {
    if (isExternal) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
    else if (spec.externalIPs.join() !== (old?.spec?.externalIPs ?? []).join()) {
      warnings.push(
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
      );
    }
  }
  if (spec.externalName && !isExternal) {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  return warnings;
}
