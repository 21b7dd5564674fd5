import { type Clock, sleep } from "../../shared/clock/clock.ts";
import { killProcess } from "./deno_host.ts";
import { type FileSystem, readText } from "./file_system.ts";

const ROOT = "/sys/fs/cgroup";
/** The kernel lets go of a process some time after it was killed. */
const ATTEMPTS = 20;
const BETWEEN_MS = 50;

/**
 * Removes a pod's control group, e.g. `/kubepods/pod<uid>`, and the groups in it, from every hierarchy there is (version
 * 1 has one for each controller). The pod's containers must be gone: what may be left are conmon processes of exec
 * sessions, which linger after their program and hold the group; they are killed. Fine if there is no such group.
 */
export async function removeControlGroup(
  { files, clock, kill = killProcess }: {
    readonly files: FileSystem;
    readonly clock: Clock;
    readonly kill?: (pid: number) => void;
  },
  group: string,
): Promise<void> {
  for (const directory of await everywhere(files, group)) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await files.stat(directory) === undefined) break;
      if (attempt > 0) await sleep(clock, BETWEEN_MS);
      await removeTree(files, directory, kill);
    }
  }
}

/** Removes a group that pods of several nodes on one machine may share, e.g. `/kubepods`, if nothing is left in it. */
export async function removeEmptyControlGroup(files: FileSystem, group: string): Promise<void> {
  for (const directory of await everywhere(files, group)) await files.removeDirectory(directory);
}

async function everywhere(files: FileSystem, group: string): Promise<string[]> {
  return [ROOT, ...(await files.list(ROOT)).map((name) => `${ROOT}/${name}`)]
    .map((hierarchy) => hierarchy + group);
}

async function removeTree(
  files: FileSystem,
  directory: string,
  kill: (pid: number) => void,
): Promise<void> {
  for (const name of await files.list(directory)) {
    const path = `${directory}/${name}`;
    if ((await files.stat(path))?.type === "directory") await removeTree(files, path, kill);
  }
  for (const line of ((await readText(files, `${directory}/cgroup.procs`)) ?? "").split("\n")) {
    const pid = Number(line);
    if (pid > 0 && (await readText(files, `/proc/${pid}/comm`))?.trim() === "conmon") kill(pid);
  }
  await files.removeDirectory(directory);
}
