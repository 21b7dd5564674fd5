import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import { uidOf } from "./pod_containers.ts";

/** Where the kubelet keeps its files. All absolute. */
export interface KubeletPaths {
  /** One directory per pod UID. */
  readonly podsDir: string;
  /** `<namespace>_<name>_<uid>/<container>/<attempt>.log`, the layout that log collectors know. */
  readonly podLogsDir: string;
  /** Root file system of the containers that hold shared process namespaces. */
  readonly pauseDir: string;
}

export function podDir(paths: KubeletPaths, uid: string): string {
  return `${paths.podsDir}/${uid}`;
}

export function podLogDir(paths: KubeletPaths, pod: Pod): string {
  const { namespace, name } = pod.metadata;
  return `${paths.podLogsDir}/${namespace}_${name}_${uidOf(pod)}`;
}

/** The log of one run of a container. The node's log endpoint reads it. */
export function containerLogPath(
  paths: KubeletPaths,
  pod: Pod,
  run: { readonly container: string; readonly attempt: number },
): string {
  return `${podLogDir(paths, pod)}/${run.container}/${run.attempt}.log`;
}

/** The file behind a run's `terminationMessagePath`. */
export function terminationMessageFile(
  paths: KubeletPaths,
  uid: string,
  run: { readonly container: string; readonly attempt: number },
): string {
  return `${podDir(paths, uid)}/containers/${run.container}/${run.attempt}`;
}
