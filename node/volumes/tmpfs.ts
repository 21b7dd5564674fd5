import { readText } from "../host/file_system.ts";
import type { VolumeContext } from "./plugin.ts";

/** Mounts a file system in memory on `directory`, unless one is there. `sizeBytes` absent: half of the memory. */
export async function mountTmpfs(
  directory: string,
  { host, files }: VolumeContext,
  sizeBytes?: number,
): Promise<void> {
  if (await isMounted({ files }, directory)) return;
  const options = sizeBytes === undefined ? "mode=0755" : `mode=0755,size=${sizeBytes}`;
  await host.output("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory]);
}

/** Unmounts `directory` if something is mounted there. Containers that still use it keep it until they end. */
export async function unmount(directory: string, { host, files }: VolumeContext): Promise<void> {
  if (await isMounted({ files }, directory)) await host.output("umount", ["-l", directory]);
}

/** Whether something is mounted exactly there (proc(5), mountinfo, field 5). */
export async function isMounted(
  { files }: Pick<VolumeContext, "files">,
  directory: string,
): Promise<boolean> {
  const text = (await readText(files, "/proc/self/mountinfo")) ?? "";
  const wanted = directory.replaceAll(" ", "\\040");
  return text.split("\n").some((line) => line.split(" ")[4] === wanted);
}
