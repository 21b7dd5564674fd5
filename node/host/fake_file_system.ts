import type { FileInfo, FileSystem, FileSystemUsage, WriteFileOptions } from "./file_system.ts";

interface Entry {
  readonly type: "file" | "directory" | "symlink";
  content: Uint8Array;
  target: string;
  mode: number;
  uid: number;
  gid: number;
}

/** Files in memory, for tests: links, modes and owners as on a real disk, no permissions and no space limits. */
export class FakeFileSystem implements FileSystem {
  readonly #entries = new Map<string, Entry>([["/", entry("directory")]]);

  /** Puts a text file there, with its directories. For setting the scene. */
  put(path: string, text: string): void {
    this.#makeAll(parentOf(path));
    this.#entries.set(path, { ...entry("file"), content: new TextEncoder().encode(text) });
  }

  /** A file's text, through links. */
  text(path: string): string | undefined {
    const found = this.#follow(path);
    return found && new TextDecoder().decode(found.content);
  }

  /** Owner and group, for comparing. */
  owner(path: string): [number, number] | undefined {
    const found = this.#follow(path);
    return found && [found.uid, found.gid];
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const found = this.#follow(path);
    return found?.type === "file" ? found.content : undefined;
  }

  async readTail(path: string, limit: number): Promise<Uint8Array | undefined> {
    return (await this.read(path))?.slice(-limit);
  }

  async write(
    path: string,
    content: Uint8Array | string,
    { mode = 0o600 }: WriteFileOptions = {},
  ): Promise<void> {
    const place = this.#place(path);
    if (this.#entries.get(parentOf(place))?.type !== "directory") {
      throw new Deno.errors.NotFound(`${parentOf(path)}: no such directory`);
    }
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.#entries.set(place, { ...entry("file"), content: bytes, mode });
  }

  async overwrite(path: string, content: string): Promise<void> {
    await this.write(path, content, { mode: this.#follow(path)?.mode ?? 0o644 });
  }

  async makeDirectory(path: string, mode = 0o755): Promise<void> {
    if (this.#follow(path)) return;
    this.#makeAll(this.#place(path));
    this.#entries.get(this.#place(path))!.mode = mode;
  }

  async remove(path: string): Promise<void> {
    const place = this.#place(path);
    for (const other of this.#entries.keys()) {
      if (other === place || other.startsWith(`${place}/`)) this.#entries.delete(other);
    }
  }

  async removeDirectory(path: string): Promise<boolean> {
    if ((await this.list(path)).length > 0) return false;
    return this.#entries.delete(this.#place(path));
  }

  async list(path: string): Promise<string[]> {
    const real = await this.realPath(path);
    if (real === undefined) return [];
    const prefix = real === "/" ? "/" : `${real}/`;
    return [...this.#entries.keys()]
      .filter((other) => other.startsWith(prefix) && other !== prefix)
      .map((other) => other.slice(prefix.length)).filter((name) => !name.includes("/")).sort();
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    const found = this.#entries.get(this.#place(path));
    if (!found) return undefined;
    return { type: found.type, size: found.content.length, mode: found.mode, modified: 0 };
  }

  async realPath(path: string): Promise<string | undefined> {
    return this.#real(path);
  }

  async readLink(path: string): Promise<string | undefined> {
    const found = this.#entries.get(this.#place(path));
    return found?.type === "symlink" ? found.target : undefined;
  }

  async link(target: string, path: string): Promise<void> {
    this.#entries.set(this.#place(path), { ...entry("symlink"), target });
  }

  async changeMode(path: string, mode: number): Promise<void> {
    this.#need(path).mode = mode;
  }

  async changeOwner(
    path: string,
    uid: number | undefined,
    gid: number | undefined,
  ): Promise<void> {
    const found = this.#need(path);
    if (uid !== undefined) found.uid = uid;
    if (gid !== undefined) found.gid = gid;
  }

  async usage(): Promise<FileSystemUsage> {
    const plenty = 100 * 2 ** 30;
    return { totalBytes: plenty, availableBytes: plenty / 2, totalInodes: 1000, freeInodes: 500 };
  }

  #need(path: string): Entry {
    const found = this.#follow(path);
    if (!found) throw new Deno.errors.NotFound(path);
    return found;
  }

  #makeAll(path: string): void {
    if (path === "" || this.#entries.has(path)) return;
    this.#makeAll(parentOf(path));
    this.#entries.set(path, { ...entry("directory"), mode: 0o755 });
  }

  #follow(path: string): Entry | undefined {
    const real = this.#real(path);
    return real === undefined ? undefined : this.#entries.get(real);
  }

  /** The path with the links of its directories resolved, but not its last part. */
  #place(path: string): string {
    const parent = parentOf(path);
    const real = parent === "/" ? "/" : this.#real(parent) ?? parent;
    return join(real, path.slice(path.lastIndexOf("/") + 1));
  }

  #real(path: string, depth = 0): string | undefined {
    let at = "/";
    for (const part of path.split("/").filter((name) => name !== "" && name !== ".")) {
      const next = part === ".." ? parentOf(at) : join(at, part);
      const found = this.#entries.get(next);
      if (!found || depth > 20) return undefined;
      const { type, target } = found;
      const resolved = type === "symlink"
        ? this.#real(target.startsWith("/") ? target : join(at, target), depth + 1)
        : next;
      if (resolved === undefined) return undefined;
      at = resolved;
    }
    return at;
  }
}

function entry(type: Entry["type"]): Entry {
  return { type, content: new Uint8Array(), target: "", mode: 0o644, uid: 0, gid: 0 };
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function join(directory: string, name: string): string {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}
