import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import { type FileSystem, readJson } from "../host/file_system.ts";

/**
 * What this node must know to run its pods while no server answers, also after a reboot: the pods themselves and
 * the objects they are made of. One file each, replaced as a whole, readable by root alone. A file that is written
 * again with the same content is left alone, to spare the flash.
 */
export class Checkpoint {
  readonly #files: FileSystem;
  readonly #directory: string;
  readonly #written = new Map<string, string>();
  #ready: Promise<void> | undefined;

  constructor(files: FileSystem, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  async savePod(pod: Pod): Promise<void> {
    await this.#write(`pods/${pod.metadata.uid}`, pod);
  }

  async removePod(uid: string): Promise<void> {
    await this.#remove(`pods/${uid}`);
  }

  /** All pods that this node had when it last wrote. A torn file is left out. */
  async pods(): Promise<Pod[]> {
    const names = await this.#files.list(`${this.#directory}/pods`);
    const found = await Promise.all(
      names.filter((name) => name.endsWith(".json"))
        .map((name) => readJson<Pod>(this.#files, `${this.#directory}/pods/${name}`)),
    );
    return found.filter((pod) => pod !== undefined);
  }

  /** An object by a name that is fit for a file. */
  load(key: string): Promise<KubeObject | undefined> {
    return readJson<KubeObject>(this.#files, `${this.#directory}/objects/${key}.json`);
  }

  async save(key: string, object: KubeObject): Promise<void> {
    await this.#write(`objects/${key}`, object);
  }

  async remove(key: string): Promise<void> {
    await this.#remove(`objects/${key}`);
  }

  async #write(name: string, value: unknown): Promise<void> {
    const text = JSON.stringify(value);
    if (this.#written.get(name) === text) return;
    this.#ready ??= this.#prepare();
    await this.#ready;
    await this.#files.write(`${this.#directory}/${name}.json`, text, { mode: 0o600 });
    this.#written.set(name, text);
  }

  async #remove(name: string): Promise<void> {
    this.#written.delete(name);
    await this.#files.remove(`${this.#directory}/${name}.json`);
  }

  async #prepare(): Promise<void> {
    for (const part of ["pods", "objects"]) {
      await this.#files.makeDirectory(`${this.#directory}/${part}`, 0o700);
    }
  }
}
