import { statfs } from "node:fs/promises";
import { dirname } from "node:path/posix";
import type { FileInfo, FileSystem, FileSystemUsage, WriteFileOptions } from "./file_system.ts";

let temporaries = 0;

/** The machine's files. */
export class DenoFileSystem implements FileSystem {
  async read(path: string): Promise<Uint8Array | undefined> {
    return await orUndefined(Deno.readFile(path));
  }

  async readTail(path: string, limit: number): Promise<Uint8Array | undefined> {
    const file = await orUndefined(Deno.open(path));
    if (!file) return undefined;
    try {
      const { size } = await file.stat();
      await file.seek(Math.max(0, size - limit), Deno.SeekMode.Start);
      const out = new Uint8Array(Math.min(limit, size));
      let filled = 0;
      while (filled < out.length) {
        const count = await file.read(out.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      return out.subarray(0, filled);
    } finally {
      file.close();
    }
  }

  async write(
    path: string,
    content: Uint8Array | string,
    { mode = 0o600 }: WriteFileOptions = {},
  ): Promise<void> {
    const temporary = `${path}.tmp${temporaries++}`;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    try {
      const file = await Deno.open(temporary, { write: true, create: true, truncate: true, mode });
      try {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
        await file.syncData();
      } finally {
        file.close();
      }
      // Again by name, because the mode given to open() passes through the umask.
      await Deno.chmod(temporary, mode);
      await Deno.rename(temporary, path);
    } catch (error) {
      await orUndefined(Deno.remove(temporary));
      throw error;
    }
  }

  async overwrite(path: string, content: string): Promise<void> {
    await Deno.writeTextFile(path, content);
  }

  async makeDirectory(path: string, mode = 0o755): Promise<void> {
    const existed = (await this.stat(path)) !== undefined;
    await Deno.mkdir(path, { recursive: true });
    if (!existed) await Deno.chmod(path, mode);
  }

  async remove(path: string): Promise<void> {
    await orUndefined(Deno.remove(path, { recursive: true }));
  }

  async removeDirectory(path: string): Promise<boolean> {
    try {
      await Deno.remove(path);
      return true;
    } catch {
      return false;
    }
  }

  async list(path: string): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const entry of Deno.readDir(path)) names.push(entry.name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return names.sort();
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    const info = await orUndefined(Deno.lstat(path));
    if (!info) return undefined;
    return {
      type: typeOf(info),
      size: info.size,
      mode: (info.mode ?? 0) & 0o7777,
      modified: info.mtime?.getTime() ?? 0,
    };
  }

  async realPath(path: string): Promise<string | undefined> {
    return await orUndefined(Deno.realPath(path));
  }

  async readLink(path: string): Promise<string | undefined> {
    return await orUndefined(Deno.readLink(path));
  }

  async link(target: string, path: string): Promise<void> {
    const temporary = `${dirname(path)}/..tmp${temporaries++}`;
    await orUndefined(Deno.remove(temporary));
    await Deno.symlink(target, temporary);
    await Deno.rename(temporary, path);
  }

  async changeMode(path: string, mode: number): Promise<void> {
    await Deno.chmod(path, mode);
  }

  async changeOwner(
    path: string,
    uid: number | undefined,
    gid: number | undefined,
  ): Promise<void> {
    await Deno.chown(path, uid ?? null, gid ?? null);
  }

  async usage(path: string): Promise<FileSystemUsage> {
    const info = await statfs(path);
    return {
      totalBytes: info.blocks * info.bsize,
      availableBytes: info.bavail * info.bsize,
      totalInodes: info.files,
      freeInodes: info.ffree,
    };
  }
}

async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

function typeOf(info: Deno.FileInfo): FileInfo["type"] {
  if (info.isSymlink) return "symlink";
  if (info.isDirectory) return "directory";
  if (info.isFile) return "file";
  if (info.isSocket) return "socket";
  if (info.isBlockDevice) return "block";
  return info.isCharDevice ? "char" : "other";
}
