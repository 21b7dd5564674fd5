import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { formatAccessModes } from "./access_modes.ts";
import {
  validatePersistentVolume,
  validatePersistentVolumeUpdate,
} from "./persistent_volume_validation.ts";
import { persistentVolumeWarnings } from "./persistent_volume_warnings.ts";
import { defaultResourceList } from "./resource_list.ts";
import type { PersistentVolume } from "./types.gen.ts";
import { defaultLegacyVolume } from "./volume_defaults.ts";

/** A piece of storage that a claim can be bound to. */
export const persistentVolume = defineKind<PersistentVolume>({
  group: "",
  version: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  shortNames: ["pv"],
  scope: "Cluster",
  returnsDeletedObject: true,
  schema: schemaOf("v1", "PersistentVolume"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Capacity", type: "string", cell: (obj) => obj.spec?.capacity?.storage ?? "" },
    {
      name: "Access Modes",
      type: "string",
      cell: (obj) => formatAccessModes(obj.spec?.accessModes),
    },
    {
      name: "Reclaim Policy",
      type: "string",
      cell: (obj) => obj.spec?.persistentVolumeReclaimPolicy ?? "",
    },
    {
      name: "Status",
      type: "string",
      cell: (obj) => obj.metadata.deletionTimestamp ? "Terminating" : obj.status?.phase ?? "",
    },
    {
      name: "Claim",
      type: "string",
      cell: ({ spec }) => spec?.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : "",
    },
    { name: "StorageClass", type: "string", cell: (obj) => obj.spec?.storageClassName ?? "" },
    {
      name: "VolumeAttributesClass",
      type: "string",
      cell: (obj) => obj.spec?.volumeAttributesClassName ?? "<unset>",
    },
    { name: "Reason", type: "string", cell: (obj) => obj.status?.reason ?? "" },
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
      const spec = obj.spec ??= {};
      spec.persistentVolumeReclaimPolicy ||= "Retain";
      spec.volumeMode ??= "Filesystem";
      if (spec.hostPath) spec.hostPath.type ??= "";
      defaultLegacyVolume(spec);
      defaultResourceList(spec.capacity);
    },
    prepareForCreate(obj, { now }) {
      obj.status = { phase: "Pending", lastPhaseTransitionTime: now };
    },
    validate: validatePersistentVolume,
    validateUpdate: validatePersistentVolumeUpdate,
    warnings: persistentVolumeWarnings,
    status: { prepareForUpdate: stampPhase },
  },
});

function stampPhase(obj: PersistentVolume, old: PersistentVolume, context: { now: string }): void {
  const status = obj.status ??= {};
  const oldStatus = old.status ?? {};
  if (status.phase !== oldStatus.phase) {
    const given = status.lastPhaseTransitionTime;
    if (!given || given === oldStatus.lastPhaseTransitionTime) {
      status.lastPhaseTransitionTime = context.now;
    }
  } else if (!status.lastPhaseTransitionTime && oldStatus.lastPhaseTransitionTime) {
    status.lastPhaseTransitionTime = oldStatus.lastPhaseTransitionTime;
  }
}
