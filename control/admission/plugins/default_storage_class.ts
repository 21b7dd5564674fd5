import type { PersistentVolumeClaim } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { StorageClass } from "../../../shared/api/storage/v1/types.gen.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin } from "../plugin.ts";

const DEFAULT = "storageclass.kubernetes.io/is-default-class";
const BETA_DEFAULT = "storageclass.beta.kubernetes.io/is-default-class";
const BETA_CLASS = "volume.beta.kubernetes.io/storage-class";

/** Gives claims that name no class the default one. `""` is a choice: no class. */
export function defaultStorageClass({ reader }: PluginDependencies): AdmissionPlugin {
  return {
    name: "DefaultStorageClass",
    handles: ({ kind, operation, subresource }) =>
      kind.group === "" && kind.plural === "persistentvolumeclaims" && operation === "CREATE" &&
      subresource === "",
    admit({ object }) {
      const claim = object as PersistentVolumeClaim;
      if (claim.spec?.storageClassName !== undefined) return;
      if (claim.metadata.annotations?.[BETA_CLASS] !== undefined) return;
      const classes = reader.list<StorageClass>("storage.k8s.io", "storageclasses");
      const name = newest(classes.filter(isDefault))?.metadata.name;
      if (name !== undefined) (claim.spec ??= {}).storageClassName = name;
    },
  };
}

function isDefault({ metadata: { annotations } }: StorageClass): boolean {
  return annotations?.[DEFAULT] === "true" || annotations?.[BETA_DEFAULT] === "true";
}

/** Of several defaults the newest counts, and of those made in the same second the first by name. */
export function newest<T extends KubeObject>(objects: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const one of objects) if (!best || comesBefore(one, best)) best = one;
  return best;
}

function comesBefore(one: KubeObject, other: KubeObject): boolean {
  const { creationTimestamp: a = "", name: x = "" } = one.metadata;
  const { creationTimestamp: b = "", name: y = "" } = other.metadata;
  return (a ?? "") === (b ?? "") ? x < y : (a ?? "") > (b ?? "");
}
