import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { formatAccessModes } from "./access_modes.ts";
import {
  validatePersistentVolumeClaim,
  validatePersistentVolumeClaimStatus,
  validatePersistentVolumeClaimUpdate,
} from "./persistent_volume_claim_validation.ts";
import { persistentVolumeClaimWarnings } from "./persistent_volume_warnings.ts";
import { defaultResourceList } from "./resource_list.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "./types.gen.ts";
import { defaultClaimSpec } from "./volume_defaults.ts";

/** Somebody's wish for storage. */
export const persistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  group: "",
  version: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  shortNames: ["pvc"],
  scope: "Namespaced",
  returnsDeletedObject: true,
  schema: schemaOf("v1", "PersistentVolumeClaim"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    {
      name: "Status",
      type: "string",
      cell: (obj) => obj.metadata.deletionTimestamp ? "Terminating" : obj.status?.phase ?? "",
    },
    { name: "Volume", type: "string", cell: (obj) => obj.spec?.volumeName ?? "" },
    {
      name: "Capacity",
      type: "string",
      cell: (obj) => obj.spec?.volumeName ? obj.status?.capacity?.storage ?? "0" : "",
    },
    {
      name: "Access Modes",
      type: "string",
      cell: (obj) => obj.spec?.volumeName ? formatAccessModes(obj.status?.accessModes) : "",
    },
    { name: "StorageClass", type: "string", cell: (obj) => obj.spec?.storageClassName ?? "" },
    {
      name: "VolumeAttributesClass",
      type: "string",
      cell: (obj) => obj.spec?.volumeAttributesClassName ?? "<unset>",
    },
    ageColumn(),
    {
      name: "VolumeMode",
      type: "string",
      priority: 1,
      cell: (obj) => obj.spec?.volumeMode ?? "<unset>",
    },
  ],
  strategy: {
    defaults(obj) {
      obj.status ??= {};
      obj.status.phase ||= "Pending";
      defaultClaimSpec(obj.spec ??= {});
      defaultResourceList(obj.status.capacity);
    },
    prepareForCreate(obj) {
      obj.status = { phase: "Pending" };
      normalizeDataSources(obj.spec ?? {});
    },
    prepareForUpdate: (obj) => normalizeDataSources(obj.spec ?? {}),
    validate: validatePersistentVolumeClaim,
    validateUpdate: validatePersistentVolumeClaimUpdate,
    warnings: persistentVolumeClaimWarnings,
    status: { validateUpdate: validatePersistentVolumeClaimStatus },
  },
});

/** `dataSource` and `dataSourceRef` say the same, unless the latter names a namespace. */
function normalizeDataSources(spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) {
    if (isKnownSource(dataSource)) spec.dataSourceRef = { ...dataSource };
    else delete spec.dataSource;
  } else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { apiGroup, kind, name } = dataSourceRef;
    spec.dataSource = { ...(apiGroup !== undefined && { apiGroup }), kind, name };
  }
}

/** Only claims and snapshots could ever be a `dataSource`; anything else was always dropped. */
function isKnownSource(source: { apiGroup?: string | undefined; kind: string; name: string }) {
  if (source.kind === "" || source.name === "") return false;
  const group = source.apiGroup ?? "";
  return (source.kind === "PersistentVolumeClaim" && group === "") ||
    (source.kind === "VolumeSnapshot" && group === "snapshot.storage.k8s.io");
}
