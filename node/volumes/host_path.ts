import type { HostPathVolumeSource } from "../../shared/api/core/v1/types.gen.ts";
import type { FileInfo, FileSystem } from "../host/file_system.ts";
import type { VolumePlugin } from "./plugin.ts";

/** A path of the node itself. */
export const hostPath: VolumePlugin<HostPathVolumeSource> = {
  sourceField: "hostPath",
  async setUp({ source }, { files }) {
    await checkHostPath(files, source.path, source.type ?? "");
    return { path: source.path };
  },
};

const checks: Readonly<Record<string, { readonly type: FileInfo["type"]; readonly text: string }>> =
  {
    Directory: { type: "directory", text: "a directory" },
    File: { type: "file", text: "a file" },
    Socket: { type: "socket", text: "a socket file" },
    CharDevice: { type: "char", text: "a character device" },
    BlockDevice: { type: "block", text: "a block device" },
  };

/** Creates or checks the path as its type asks. Rejects with the reference's texts. */
export async function checkHostPath(files: FileSystem, path: string, type: string): Promise<void> {
  if (type === "") {
    // The runtime cannot mount what is not there; the reference's runtimes make a directory, too.
    if (await files.realPath(path) === undefined) await files.makeDirectory(path, 0o755);
    return;
  }
  const exists = await typeAt(files, path);
  if (type === "DirectoryOrCreate" && exists === undefined) {
    return await files.makeDirectory(path, 0o755);
  }
  if (type === "FileOrCreate" && exists === undefined) {
    return await files.write(path, "", { mode: 0o644 });
  }
  const check = checks[type.replace("OrCreate", "")];
  if (!check) throw new Error(`${type} is an invalid volume type`);
  if (exists !== check.type) {
    throw new Error(`hostPath type check failed: ${path} is not ${check.text}`);
  }
}

async function typeAt(files: FileSystem, path: string): Promise<FileInfo["type"] | undefined> {
  const real = await files.realPath(path);
  return real === undefined ? undefined : (await files.stat(real))?.type;
}
