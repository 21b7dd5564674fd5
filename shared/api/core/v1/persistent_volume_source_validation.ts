import { type FieldError, required } from "../../../meta/field_error.ts";
import { validateNoBacksteps } from "./path_validation.ts";
import {
  needs,
  validateDriverName,
  validateHostPath,
  validateIscsi,
  validateNfs,
} from "./volume_source_validation.ts";
import type {
  CSIPersistentVolumeSource,
  LocalVolumeSource,
  PersistentVolumeSpec,
} from "./types.gen.ts";

type Rule = readonly [
  keyof PersistentVolumeSpec,
  (source: never, path: string) => readonly FieldError[],
];

/** The rules for what may be behind a persistent volume, in the order in which the reference looks. */
export const persistentVolumeSourceRules: readonly Rule[] = [
  ["hostPath", validateHostPath],
  ["gcePersistentDisk", needs("pdName")],
  ["awsElasticBlockStore", needs("volumeID")],
  ["glusterfs", needs("endpoints", "path")],
  ["flocker", needs()],
  ["nfs", validateNfs],
  ["rbd", needs("monitors", "image")],
  ["quobyte", needs("registry", "volume")],
  ["cephfs", needs("monitors")],
  ["iscsi", validateIscsi],
  ["cinder", needs("volumeID")],
  ["fc", needs()],
  ["flexVolume", needs("driver")],
  ["azureFile", needs("secretName", "shareName")],
  ["vsphereVolume", needs("volumePath")],
  ["photonPersistentDisk", needs("pdID")],
  ["portworxVolume", needs("volumeID")],
  ["azureDisk", needs("diskName", "diskURI")],
  ["scaleIO", needs("gateway", "system", "volumeName")],
  ["local", validateLocal],
  ["storageos", needs("volumeName")],
  ["csi", validateCsi],
];

function validateLocal(source: LocalVolumeSource, path: string): readonly FieldError[] {
  return source.path
    ? validateNoBacksteps(source.path, `${path}.path`)
    : [required(`${path}.path`)];
}

function validateCsi(source: CSIPersistentVolumeSource, path: string): readonly FieldError[] {
  const errors = [...validateDriverName(source.driver, `${path}.driver`)];
  if (!source.volumeHandle) errors.push(required(`${path}.volumeHandle`));
  const secrets = [
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodeStageSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
  ] as const;
  for (const field of secrets) {
    const secret = source[field];
    if (secret) errors.push(...needs("name", "namespace")(secret, `${path}.${field}`));
  }
  return errors;
}
