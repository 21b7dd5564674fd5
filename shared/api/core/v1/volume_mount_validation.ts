import {
  type FieldError,
  forbidden,
  invalid,
  notFound,
  required,
} from "../../../meta/field_error.ts";
import { oneOf } from "../../validation.ts";
import { validateDescendingPath, validateNoBacksteps } from "./path_validation.ts";
import type { Container, EphemeralContainer, Volume, VolumeMount } from "./types.gen.ts";

/** The valid volumes of a pod by name. */
export type Volumes = ReadonlyMap<string, Volume>;
type AnyContainer = Container | EphemeralContainer;

/** Where a container mounts the volumes of its pod. */
export function validateVolumeMounts(
  container: AnyContainer,
  volumes: Volumes,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const mountPaths = new Set<string>();
  const devices = container.volumeDevices ?? [];
  container.volumeMounts?.forEach((mount, i) => {
    const at = `${path}[${i}]`;
    const { name = "", mountPath = "" } = mount;
    if (!name) errors.push(required(`${at}.name`));
    if (!volumes.has(name)) errors.push(notFound(`${at}.name`, name));
    if (!mountPath) errors.push(required(`${at}.mountPath`));
    if (mountPaths.has(mountPath)) {
      errors.push(invalid(`${at}.mountPath`, mountPath, "must be unique"));
    }
    mountPaths.add(mountPath);
    if (devices.some((device) => device.name === name)) {
      errors.push(invalid(`${at}.name`, name, "must not already exist in volumeDevices"));
    }
    if (devices.some((device) => device.devicePath === mountPath)) {
      const detail = "must not already exist as a path in volumeDevices";
      errors.push(invalid(`${at}.mountPath`, mountPath, detail));
    }
    // The reference leaves out the index of what follows.
    errors.push(...validateSubPath(mount, path, at));
    errors.push(...validatePropagation(mount, container, `${path}.mountPropagation`));
    errors.push(...validateRecursiveReadOnly(mount, `${at}.recursiveReadOnly`));
  });
  return errors;
}

/** The block devices that a container gets. */
export function validateVolumeDevices(
  container: AnyContainer,
  volumes: Volumes,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const paths = new Set<string>();
  const mounts = container.volumeMounts ?? [];
  container.volumeDevices?.forEach(({ name = "", devicePath = "" }, i) => {
    const at = `${path}[${i}]`;
    const volume = volumes.get(name);
    if (!name) errors.push(required(`${at}.name`));
    if (names.has(name)) errors.push(invalid(`${at}.name`, name, "must be unique"));
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      const detail =
        "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
      errors.push(invalid(`${at}.name`, name, detail));
    }
    if (!volume) errors.push(notFound(`${at}.name`, name));
    if (!devicePath) errors.push(required(`${at}.devicePath`));
    if (paths.has(devicePath)) {
      errors.push(invalid(`${at}.devicePath`, devicePath, "must be unique"));
    }
    if (validateNoBacksteps(devicePath, at).length > 0) {
      errors.push(invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"));
    } else paths.add(devicePath);
    if (mounts.some((mount) => mount.name === name)) {
      errors.push(invalid(`${at}.name`, name, "must not already exist in volumeMounts"));
    }
    if (mounts.some((mount) => mount.mountPath === devicePath)) {
      const detail = "must not already exist as a path in volumeMounts";
      errors.push(invalid(`${at}.devicePath`, devicePath, detail));
    }
    names.add(name);
  });
  return errors;
}

function validateSubPath(mount: VolumeMount, path: string, at: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (mount.subPath) errors.push(...validateDescendingPath(mount.subPath, `${path}.subPath`));
  if (mount.subPathExpr) {
    if (mount.subPath) {
      const detail = "subPathExpr and subPath are mutually exclusive";
      errors.push(invalid(`${at}.subPathExpr`, mount.subPathExpr, detail));
    }
    errors.push(...validateDescendingPath(mount.subPathExpr, `${path}.subPathExpr`));
  }
  return errors;
}

function validatePropagation(
  { mountPropagation }: VolumeMount,
  container: AnyContainer,
  path: string,
): readonly FieldError[] {
  if (mountPropagation === undefined) return [];
  const errors = [
    ...oneOf(mountPropagation, path, ["Bidirectional", "HostToContainer", "None"]),
  ];
  if (mountPropagation === "Bidirectional" && !container.securityContext?.privileged) {
    const detail = "Bidirectional mount propagation is available only to privileged containers";
    errors.push(forbidden(path, detail));
  }
  return errors;
}

function validateRecursiveReadOnly(mount: VolumeMount, path: string): readonly FieldError[] {
  const { recursiveReadOnly: mode, readOnly, mountPropagation } = mount;
  if (mode === undefined) return [];
  if (mode === "Disabled") return [];
  if (mode !== "Enabled" && mode !== "IfPossible") {
    return oneOf(mode, path, ["Disabled", "Enabled", "IfPossible"]);
  }
  const errors: FieldError[] = [];
  if (!readOnly) {
    errors.push(forbidden(path, "may only be specified when readOnly is true"));
  }
  if (mountPropagation !== undefined && mountPropagation !== "None") {
    errors.push(
      forbidden(path, "may only be specified when mountPropagation is None or not specified"),
    );
  }
  return errors;
}
