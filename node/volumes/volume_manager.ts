import type { Pod, Volume } from "../../shared/api/core/v1/types.gen.ts";
import { volumePlugins } from "./mod.ts";
import type { MountedVolume, VolumeContext, VolumePlugin } from "./plugin.ts";

/** A volume that cannot be set up; the message is for the pod's FailedMount event. */
export class VolumeError extends Error {
  override readonly name = "VolumeError";
  constructor(readonly volumeName: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`MountVolume.SetUp failed for volume "${volumeName}" : ${reason}`, { cause });
  }
}

export interface VolumeManagerOptions extends VolumeContext {
  /** Each pod has a directory below it, named by its UID. */
  readonly podsDir: string;
}

/** What a pod's volumes are on this node. */
export interface PodVolumes {
  readonly byName: ReadonlyMap<string, MountedVolume>;
  /** When to set up again although nothing changed; wall-clock milliseconds. */
  readonly refreshAt: number | undefined;
}

/**
 * Sets up and takes down the volumes of pods. Knows nothing that is not on disk: volumes of a pod that nobody
 * remembers are found by their directories, `<podsDir>/<uid>/volumes/<sourceField>/<name>`.
 */
export class VolumeManager {
  readonly #options: VolumeManagerOptions;
  readonly #plugins = new Map<string, VolumePlugin<unknown>>(
    volumePlugins.map((plugin) => [plugin.sourceField, plugin as VolumePlugin<unknown>]),
  );

  constructor(options: VolumeManagerOptions) {
    this.#options = options;
  }

  /** Sets up every volume that a container mounts, or brings them up to date. Rejects with VolumeError. */
  async setUp(pod: Pod): Promise<PodVolumes> {
    const byName = new Map<string, MountedVolume>();
    const used = mountedNames(pod);
    for (const volume of pod.spec?.volumes ?? []) {
      if (!used.has(volume.name)) continue;
      try {
        byName.set(volume.name, await this.#setUpOne(pod, volume));
      } catch (error) {
        throw new VolumeError(volume.name, error);
      }
    }
    const times = [...byName.values()].flatMap(({ refreshAt }) => refreshAt ?? []);
    return { byName, refreshAt: times.length > 0 ? Math.min(...times) : undefined };
  }

  /** Takes down whatever volumes the pod has. Fine if there are none. */
  async tearDown(uid: string): Promise<void> {
    const { files } = this.#options;
    const root = `${this.#options.podsDir}/${uid}/volumes`;
    for (const field of await files.list(root)) {
      for (const name of await files.list(`${root}/${field}`)) {
        const directory = `${root}/${field}/${name}`;
        await this.#plugins.get(field)?.tearDown?.(directory, this.#options);
        await files.remove(directory);
      }
    }
    await files.remove(root);
  }

  async #setUpOne(pod: Pod, volume: Volume): Promise<MountedVolume> {
    const [field = "", source] = sourceOf(volume);
    const plugin = this.#plugins.get(field);
    if (!plugin) throw new Error(`volume type ${field} is not supported by this node`);
    const uid = pod.metadata.uid ?? "";
    const directory = `${this.#options.podsDir}/${uid}/volumes/${field}/${volume.name}`;
    await this.#options.files.makeDirectory(directory, 0o755);
    const request = { pod, volumeName: volume.name, source, directory };
    return await plugin.setUp(request, this.#options);
  }
}

function sourceOf(volume: Volume): [string, unknown] {
  const entry = Object.entries(volume).find(([key, value]) =>
    key !== "name" && value !== undefined && value !== null
  );
  return entry ?? ["emptyDir", {}];
}

function mountedNames(pod: Pod): Set<string> {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all = [...initContainers, ...containers, ...ephemeralContainers];
  return new Set(all.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)));
}
