import type { PersistentVolume, Pod } from "../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { ResourceSlice } from "../../shared/api/resource/v1/types.gen.ts";
import type { VolumeAttachment } from "../../shared/api/storage/v1/types.gen.ts";
import { podReferences, volumeSecrets } from "./pod_references.ts";

const MIRROR = "kubernetes.io/config.mirror";

/** Kinds that a node may read because a pod on it (or a volume of such a pod) refers to them. */
export type Referenced =
  | "configmaps"
  | "persistentvolumeclaims"
  | "persistentvolumes"
  | "pods"
  | "resourceclaims"
  | "resourceslices"
  | "secrets"
  | "serviceaccounts"
  | "volumeattachments";

/**
 * What belongs to which node: the objects that its pods refer to, counted, so that the last pod to go takes the
 * right with it. Fed from the watch cache; a question costs a few map look-ups.
 */
export class NodeGraph {
  /** node -> `<plural> <namespace>/<name>` -> how many of its pods (or the node itself) refer to it. */
  readonly #nodes = new Map<string, Map<string, number>>();
  /** What each pod, attachment and slice was last counted for. */
  readonly #counted = new Map<
    string,
    { readonly node: string; readonly keys: readonly string[] }
  >();
  /** PersistentVolume -> the claim that it is bound to, `namespace/name`. */
  readonly #claims = new Map<string, string>();
  /** Secret -> the volumes that need it. */
  readonly #volumesOfSecret = new Map<string, Set<string>>();
  readonly #secretsOfVolume = new Map<string, readonly string[]>();
  #loading: Promise<void> | undefined;

  /** Resolves when everything that there was at the start is counted; undefined if it is. */
  get loading(): Promise<void> | undefined {
    return this.#loading;
  }

  /** Tells that what there was at the start is not all counted before `loaded` resolves. */
  load(loaded: Promise<unknown>): void {
    this.#loading = loaded.then(() => {
      this.#loading = undefined;
    });
  }

  /** Tells of a Pod, PersistentVolume, VolumeAttachment or ResourceSlice as it is now; undefined: gone. */
  change(object: KubeObject | undefined, previous?: KubeObject): void {
    const { kind, metadata } = (object ?? previous)!;
    const { namespace = "", name = "" } = metadata;
    const id = `${kind} ${namespace}/${name}`;
    switch (kind) {
      case "Pod":
        return this.#count(id, object && ofPod(object as Pod));
      case "VolumeAttachment": {
        const node = (object as VolumeAttachment | undefined)?.spec.nodeName;
        return this.#count(id, node ? { node, keys: [`volumeattachments /${name}`] } : undefined);
      }
      case "ResourceSlice": {
        const node = (object as ResourceSlice | undefined)?.spec.nodeName;
        return this.#count(id, node ? { node, keys: [`resourceslices /${name}`] } : undefined);
      }
      case "PersistentVolume":
        return this.#setVolume(name, object as PersistentVolume | undefined);
    }
  }

  /** Whether something on `node` needs the object. `namespace` is "" for cluster-scoped kinds. */
  isRelated(
    node: string,
    object: { readonly plural: Referenced; readonly namespace: string; readonly name: string },
  ): boolean {
    const keys = this.#nodes.get(node);
    if (!keys) return false;
    const { plural, namespace, name } = object;
    if (plural === "persistentvolumes") return this.#usesVolume(keys, name);
    if (keys.has(`${plural} ${namespace}/${name}`)) return true;
    if (plural !== "secrets") return false;
    for (const volume of this.#volumesOfSecret.get(`${namespace}/${name}`) ?? []) {
      if (this.#usesVolume(keys, volume)) return true;
    }
    return false;
  }

  #usesVolume(keys: ReadonlyMap<string, number>, volume: string): boolean {
    const claim = this.#claims.get(volume);
    return claim !== undefined && keys.has(`persistentvolumeclaims ${claim}`);
  }

  #count(
    id: string,
    next: { readonly node: string; readonly keys: readonly string[] } | undefined,
  ): void {
    // New ones first: what both have is never gone for a moment.
    if (next) this.#add(next.node, next.keys, 1);
    const old = this.#counted.get(id);
    if (old) this.#add(old.node, old.keys, -1);
    if (next) this.#counted.set(id, next);
    else this.#counted.delete(id);
  }

  #add(node: string, keys: readonly string[], by: 1 | -1): void {
    let counts = this.#nodes.get(node);
    if (!counts) this.#nodes.set(node, counts = new Map());
    for (const key of keys) {
      const count = (counts.get(key) ?? 0) + by;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    }
    if (counts.size === 0) this.#nodes.delete(node);
  }

  #setVolume(name: string, volume: PersistentVolume | undefined): void {
    for (const secret of this.#secretsOfVolume.get(name) ?? []) {
      const volumes = this.#volumesOfSecret.get(secret);
      volumes?.delete(name);
      if (volumes?.size === 0) this.#volumesOfSecret.delete(secret);
    }
    this.#secretsOfVolume.delete(name);
    this.#claims.delete(name);
    const claim = volume?.spec?.claimRef;
    if (!volume || !claim) return;
    this.#claims.set(name, `${claim.namespace}/${claim.name}`);
    const secrets = volumeSecrets(volume);
    if (secrets.length > 0) this.#secretsOfVolume.set(name, secrets);
    for (const secret of secrets) {
      const volumes = this.#volumesOfSecret.get(secret) ?? new Set();
      this.#volumesOfSecret.set(secret, volumes.add(name));
    }
  }
}

function ofPod(pod: Pod): { readonly node: string; readonly keys: readonly string[] } | undefined {
  const node = pod.spec?.nodeName;
  const { namespace = "", name = "", annotations } = pod.metadata;
  if (!node) return undefined;
  const keys = [`pods ${namespace}/${name}`];
  // A mirror pod is what the node itself says: it must not open doors.
  if (annotations?.[MIRROR] !== undefined) return { node, keys };
  for (const [plural, names] of Object.entries(podReferences(pod))) {
    for (const reference of names) keys.push(`${plural} ${namespace}/${reference}`);
  }
  return { node, keys };
}
