import { type FieldError, invalid, required, tooLong } from "../../../meta/field_error.ts";
import { isDns1123Subdomain } from "../../../meta/names.ts";
import { check, oneOf, optionalOneOf } from "../../validation.ts";
import { validateDescendingPath, validateNoBacksteps } from "./path_validation.ts";
import type {
  AzureDiskVolumeSource,
  HostPathVolumeSource,
  ISCSIPersistentVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  Volume,
} from "./types.gen.ts";

type Rules =
  readonly (readonly [keyof Volume, (source: never, path: string) => readonly FieldError[]])[];

const MAX_DRIVER_NAME = 63;
const hostPathTypes = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

/**
 * The rules for volume sources that name storage outside the cluster, in five groups between which stand those
 * that need more than required fields (see volume_validation.ts).
 */
export const volumeSourceRules = {
  first: [
    ["hostPath", validateHostPath],
    ["gitRepo", (source: NonNullable<Volume["gitRepo"]>, path: string) => [
      ...needs("repository")(source, path),
      ...(source.directory ? validateDescendingPath(source.directory, `${path}.directory`) : []),
    ]],
    ["gcePersistentDisk", needs("pdName")],
    ["awsElasticBlockStore", needs("volumeID")],
  ],
  second: [
    ["nfs", validateNfs],
    ["iscsi", validateIscsi],
    ["glusterfs", needs("endpoints", "path")],
  ],
  third: [
    ["rbd", needs("monitors", "image")],
    ["cinder", needs("volumeID")],
    ["cephfs", needs("monitors")],
    ["flocker", validateFlocker],
  ],
  fourth: [
    ["fc", validateFc],
    ["flexVolume", needs("driver")],
  ],
  fifth: [
    ["azureFile", needs("secretName", "shareName")],
    ["vsphereVolume", needs("volumePath")],
    ["photonPersistentDisk", needs("pdID")],
    ["portworxVolume", needs("volumeID")],
    ["quobyte", needs("registry", "volume")],
    ["azureDisk", validateAzureDisk],
    ["storageos", needs("volumeName")],
  ],
  last: [
    ["scaleIO", needs("gateway", "system", "volumeName")],
    ["csi", (source: NonNullable<Volume["csi"]>, path: string) => [
      ...validateDriverName(source.driver, `${path}.driver`),
      ...(source.nodePublishSecretRef && !source.nodePublishSecretRef.name
        ? [required(`${path}.nodePublishSecretRef.name`)]
        : []),
    ]],
  ],
} as const satisfies Readonly<Record<string, Rules>>;

/** A path of the host and what has to be there. */
export function validateHostPath(
  source: HostPathVolumeSource,
  path: string,
): readonly FieldError[] {
  if (!source.path) return [required(`${path}.path`)];
  return [
    ...validateNoBacksteps(source.path, `${path}.path`),
    ...optionalOneOf(source.type, `${path}.type`, hostPathTypes),
  ];
}

/** An export of an NFS server. */
export function validateNfs(source: NFSVolumeSource, path: string): readonly FieldError[] {
  const errors = [...needs("server", "path")(source, path)];
  if (!source.path?.startsWith("/")) {
    errors.push(invalid(`${path}.path`, source.path ?? "", "must be an absolute path"));
  }
  return errors;
}

/** A disk of an iSCSI target. */
export function validateIscsi(
  source: ISCSIVolumeSource | ISCSIPersistentVolumeSource,
  path: string,
): readonly FieldError[] {
  const errors = [...needs("targetPortal", "iqn")(source, path)];
  const { iqn, lun = 0 } = source;
  if (iqn && !/^(iqn|eui|naa)/.test(iqn)) {
    const detail = "must be valid format starting with iqn, eui, or naa";
    errors.push(invalid(`${path}.iqn`, iqn, detail));
  } else if (iqn && !isIscsiName(iqn)) {
    errors.push(invalid(`${path}.iqn`, iqn, "must be valid format"));
  }
  if (lun < 0 || lun > 255) {
    errors.push(invalid(`${path}.lun`, lun, "must be between 0 and 255, inclusive"));
  }
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) {
    errors.push(required(`${path}.secretRef`));
  }
  return errors;
}

/** The name of a CSI driver: a short domain. */
export function validateDriverName(
  name: string | undefined,
  path: string,
): readonly FieldError[] {
  if (!name) return [required(path)];
  const errors: FieldError[] = name.length > MAX_DRIVER_NAME
    ? [tooLong(path, MAX_DRIVER_NAME)]
    : [];
  return [...errors, ...check(name.toLowerCase(), path, isDns1123Subdomain)];
}

/** That none of these fields is empty. */
export function needs(
  ...fields: readonly string[]
): (source: object, path: string) => readonly FieldError[] {
  return (source, path) =>
    fields.filter((field) => {
      const value = (source as Record<string, unknown>)[field];
      return !value || (Array.isArray(value) && value.length === 0);
    }).map((field) => required(`${path}.${field}`));
}

/** RFC 3721: `iqn.2001-04.com.example:disk`, `eui.` and 16 digits, `naa.` and 16 or 32. */
function isIscsiName(name: string): boolean {
  if (name.startsWith("iqn")) {
    return /^iqn\.\d{4}-\d{2}\.([a-z0-9-]+\.)+[a-z0-9-]+(:[^,;*&$|\s]+)?$/i.test(name);
  }
  if (name.startsWith("eui")) return /^eui\.[0-9a-fA-F]{16}$/.test(name);
  return /^naa\.([0-9a-fA-F]{32}|[0-9a-fA-F]{16})$/.test(name);
}

function validateFlocker(
  { datasetName, datasetUUID }: NonNullable<Volume["flocker"]>,
  path: string,
): readonly FieldError[] {
  if (!datasetName && !datasetUUID) {
    return [required(path, "one of datasetName and datasetUUID is required")];
  }
  return datasetName && datasetUUID
    ? [invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")]
    : [];
}

function validateFc(
  { targetWWNs, wwids, lun }: NonNullable<Volume["fc"]>,
  path: string,
): readonly FieldError[] {
  const at = `${path}.targetWWNs`;
  if (!targetWWNs?.length && !wwids?.length) {
    return [required(at, "must specify either targetWWNs or wwids, but not both")];
  }
  if (targetWWNs?.length && wwids?.length) {
    return [invalid(at, targetWWNs, "targetWWNs and wwids can not be specified simultaneously")];
  }
  if (!targetWWNs?.length) return [];
  if (lun === undefined) {
    return [required(`${path}.lun`, "lun is required if targetWWNs is specified")];
  }
  return lun < 0 || lun > 255
    ? [invalid(`${path}.lun`, lun, "must be between 0 and 255, inclusive")]
    : [];
}

function validateAzureDisk(source: AzureDiskVolumeSource, path: string): readonly FieldError[] {
  return [
    ...needs("diskName", "diskURI")(source, path),
    ...optionalOneOf(source.cachingMode, `${path}.cachingMode`, ["None", "ReadOnly", "ReadWrite"]),
    ...oneOf(source.kind, `${path}.kind`, ["Dedicated", "Managed", "Shared"]),
  ];
}
