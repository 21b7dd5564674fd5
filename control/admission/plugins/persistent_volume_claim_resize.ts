import type { PersistentVolumeClaim } from "../../../shared/api/core/v1/types.gen.ts";
import type { StorageClass } from "../../../shared/api/storage/v1/types.gen.ts";
import { compareQuantities, parseQuantity } from "../../../shared/resource/quantity.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { refusal } from "../refusal.ts";

/** A claim may only grow once it is bound and if its class can expand volumes. */
export function persistentVolumeClaimResize({ reader }: PluginDependencies): AdmissionPlugin {
  return {
    name: "PersistentVolumeClaimResize",
    handles: ({ kind, operation, subresource }) =>
      kind.group === "" && kind.plural === "persistentvolumeclaims" && operation === "UPDATE" &&
      subresource === "",
    validate(attributes) {
      const old = attributes.oldObject as PersistentVolumeClaim;
      if (!grows(old, attributes.object as PersistentVolumeClaim)) return;
      if (old.status?.phase !== "Bound") {
        throw refusal(attributes, "Only bound persistent volume claims can be expanded");
      }
      const name = old.spec?.storageClassName ||
        old.metadata.annotations?.["volume.beta.kubernetes.io/storage-class"];
      const storageClass = name &&
        reader.get<StorageClass>("storage.k8s.io", "storageclasses", "", name);
      if (storageClass && storageClass.allowVolumeExpansion) return;
      throw refusal(
        attributes,
        "only dynamically provisioned pvc can be resized and the storageclass that provisions " +
          "the pvc must support resize",
      );
    },
  };
}

function grows(old: PersistentVolumeClaim, next: PersistentVolumeClaim): boolean {
  const sizes = [old, next].map((claim) => claim.spec?.resources?.requests?.storage ?? "0");
  return compareQuantities(parseQuantity(sizes[1]!), parseQuantity(sizes[0]!)) > 0;
}
