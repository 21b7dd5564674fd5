import type { Container, EphemeralContainer, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { type FieldError, forbidden, invalid } from "../../../shared/meta/field_error.ts";
import { sameJson } from "../metadata.ts";
import type { SubresourceStrategy } from "../store_types.ts";

/** `pods/ephemeralcontainers` adds debugging containers to a running pod (KEP-277). */
export const podEphemeralContainers: SubresourceStrategy<Pod> = {
  prepareForUpdate(next, old) {
    const added = next.spec?.ephemeralContainers;
    next.spec = { ...structuredClone(old.spec!) };
    if (added) next.spec.ephemeralContainers = added;
    else delete next.spec.ephemeralContainers;
    keepStatus(next, old);
  },
  validateUpdate(next, old) {
    const kept = new Map((next.spec?.ephemeralContainers ?? []).map((c) => [c.name, c]));
    const errors: FieldError[] = [];
    for (const before of old.spec?.ephemeralContainers ?? []) {
      const now = kept.get(before.name);
      const path = "spec.ephemeralContainers";
      if (!now) {
        errors.push(
          forbidden(
            path,
            `existing ephemeral containers ${JSON.stringify(before.name)} may not be removed\n`,
          ),
        );
      } else if (!sameJson(now, before)) {
        errors.push(
          forbidden(
            path,
            `existing ephemeral containers ${JSON.stringify(before.name)} may not be changed\n`,
          ),
        );
      }
    }
    return [...errors, ...missingTargets(next)];
  },
};

function missingTargets({ spec }: Pod): FieldError[] {
  const names = new Set(
    [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map((c) => c.name),
  );
  return (spec?.ephemeralContainers ?? []).flatMap((container: EphemeralContainer, i) => {
    const target = container.targetContainerName;
    if (!target || names.has(target)) return [];
    return [{
      path: `spec.ephemeralContainers[${i}].targetContainerName`,
      reason: "FieldValueNotFound" as const,
      message: `Not found: ${JSON.stringify(target)}`,
    }];
  });
}

/** `pods/resize` changes the resources of running containers (KEP-1287). */
export const podResize: SubresourceStrategy<Pod> = {
  prepareForUpdate(next, old) {
    const asked = next.spec;
    next.spec = structuredClone(old.spec!);
    next.spec.containers = withResources(next.spec.containers, asked?.containers ?? []);
    if (next.spec.initContainers) {
      next.spec.initContainers = withResources(
        next.spec.initContainers,
        asked?.initContainers ?? [],
      );
    }
    keepStatus(next, old);
  },
  validateUpdate(next, old) {
    const phase = old.status?.phase;
    if (phase === "Succeeded" || phase === "Failed") {
      return [forbidden("", `pod cannot be resized when it is in phase ${phase}`)];
    }
    return next.spec?.containers.length === old.spec?.containers.length
      ? []
      : [invalid("spec.containers", null, "containers may not be added or removed on resize")];
  },
};

function withResources(containers: readonly Container[], asked: readonly Container[]): Container[] {
  const byName = new Map(asked.map((container) => [container.name, container]));
  return containers.map((container) => {
    const { resources, resizePolicy } = byName.get(container.name) ?? container;
    return {
      ...container,
      ...(resources && { resources }),
      ...(resizePolicy && { resizePolicy }),
    };
  });
}

function keepStatus(next: Pod, old: Pod): void {
  if (old.status === undefined) delete next.status;
  else next.status = old.status;
}
