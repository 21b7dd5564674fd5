import {
  prepareEphemeralContainersForUpdate,
  validateEphemeralContainersUpdate,
} from "../../../shared/api/core/v1/ephemeral_container_update.ts";
import type { Container, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { forbidden, invalid } from "../../../shared/meta/field_error.ts";
import type { SubresourceStrategy } from "../store_types.ts";

/** `pods/ephemeralcontainers` adds debugging containers to a running pod (KEP-277). */
export const podEphemeralContainers: SubresourceStrategy<Pod> = {
  prepareForUpdate: prepareEphemeralContainersForUpdate,
  validateUpdate: validateEphemeralContainersUpdate,
};

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
