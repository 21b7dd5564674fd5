import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import type { FileSystem } from "../host/file_system.ts";
import type { VolumeFile } from "./atomic_writer.ts";

/** The group that may use the pod's volumes. */
export function fsGroupOf(pod: Pod): number | undefined {
  return pod.spec?.securityContext?.fsGroup;
}

/** A file as the pod's `fsGroup` wants it: owned by that group, and readable by it. */
export function withFsGroup(file: VolumeFile, pod: Pod): VolumeFile {
  const gid = fsGroupOf(pod);
  return gid === undefined ? file : { ...file, gid, mode: file.mode | 0o440 };
}

/** Gives a directory that pods write to the group's ownership; what is made in it inherits the group. */
export async function shareDirectory(files: FileSystem, path: string, pod: Pod): Promise<void> {
  const gid = fsGroupOf(pod);
  await files.changeMode(path, gid === undefined ? 0o777 : 0o2777);
  if (gid !== undefined) await files.changeOwner(path, undefined, gid);
}

/** The one user that all containers run as; undefined if they differ or leave it to the image. */
export function commonUser(pod: Pod): number | undefined {
  const spec = pod.spec;
  if (!spec) return undefined;
  const users = [...(spec.initContainers ?? []), ...spec.containers]
    .map((one) => one.securityContext?.runAsUser ?? spec.securityContext?.runAsUser);
  const [first] = users;
  return users.every((user) => user === first) ? first : undefined;
}
