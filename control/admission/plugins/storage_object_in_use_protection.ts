import type { AdmissionPlugin } from "../plugin.ts";

const finalizers: Readonly<Record<string, string>> = {
  "/persistentvolumes": "kubernetes.io/pv-protection",
  "/persistentvolumeclaims": "kubernetes.io/pvc-protection",
  "storage.k8s.io/volumeattributesclasses": "kubernetes.io/vac-protection",
};

/** Volumes, claims and attribute classes in use are not deleted under their users: a finalizer holds them. */
export function storageObjectInUseProtection(): AdmissionPlugin {
  return {
    name: "StorageObjectInUseProtection",
    handles: ({ kind, operation, subresource }) =>
      operation === "CREATE" && subresource === "" &&
      finalizers[`${kind.group}/${kind.plural}`] !== undefined,
    admit({ object, kind }) {
      const wanted = finalizers[`${kind.group}/${kind.plural}`]!;
      const { metadata } = object!;
      if (!metadata.finalizers?.includes(wanted)) (metadata.finalizers ??= []).push(wanted);
    },
  };
}
