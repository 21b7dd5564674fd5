import type { FileSystem } from "../host/file_system.ts";

/**
 * The path of `subPath` inside a volume, with every link resolved, made as a directory if nothing is there. Rejects
 * if it leads out of the volume: a container may have planted a link there.
 */
export async function resolveSubPath(
  files: FileSystem,
  volumePath: string,
  subPath: string,
): Promise<string> {
  const root = await files.realPath(volumePath);
  if (root === undefined) throw new Error(`volume path ${volumePath} does not exist`);
  if (subPath.startsWith("/") || subPath.split("/").includes("..")) {
    throw new Error(`subPath "${subPath}" must be a relative path without ".."`);
  }
  let at = root;
  for (const part of subPath.split("/").filter((name) => name !== "" && name !== ".")) {
    const next = `${at}/${part}`;
    if (await files.stat(next) === undefined) await files.makeDirectory(next, 0o750);
    const real = await files.realPath(next);
    if (real === undefined || !(real === root || real.startsWith(`${root}/`))) {
      throw new Error(`subPath "${subPath}" leads out of its volume`);
    }
    at = real;
  }
  return at;
}
