import type {
  ConfigMap,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
} from "../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { TokenRequest } from "../../shared/api/authentication/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import type { Resource } from "../../shared/client/resource.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import { reflect } from "../../shared/informer/reflector.ts";
import type { Log } from "../../shared/log/log.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { IssuedToken, ObjectSource, TokenQuery } from "../volumes/plugin.ts";
import { renewalTime } from "../volumes/projected.ts";
import { uidOf } from "./pod_containers.ts";
import { type ReferencedObject, referencedObjects } from "./references.ts";

/** Where objects are found while no server answers. */
export interface ObjectCheckpoint {
  load(key: string): Promise<KubeObject | undefined>;
  save(key: string, object: KubeObject): Promise<void>;
  remove(key: string): Promise<void>;
}

export interface ObjectCacheOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly checkpoint: ObjectCheckpoint;
  /** An object that this pod is made of has changed, appeared or gone. */
  readonly onChange: (podUid: string) => void;
}

/** How long the first answer about an object is waited for before its checkpoint is used. */
const FIRST_ANSWER_MS = 3000;

interface Followed {
  readonly stop: AbortController;
  /** Settles when the server has said whether there is such an object. */
  readonly first: Promise<void>;
  known: boolean;
  object: KubeObject | undefined;
  /** Pods that are made of it. */
  readonly pods: Set<string>;
}

/**
 * ConfigMaps and Secrets of the pods on this node, each followed by a watch of its own for as long as a pod refers
 * to it: a node may read no others. While the server is away the checkpoint answers.
 */
export class ObjectCache implements ObjectSource {
  readonly #options: ObjectCacheOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #referencesOf = new Map<string, readonly ReferencedObject[]>();
  readonly #tokens = new Map<string, IssuedToken>();

  constructor(options: ObjectCacheOptions) {
    this.#options = options;
  }

  /** Follows what the pod refers to, before anything of it is asked for. */
  register(pod: Pod): void {
    const uid = uidOf(pod);
    const references = referencedObjects(pod);
    const before = this.#referencesOf.get(uid) ?? [];
    this.#referencesOf.set(uid, references);
    const wanted = new Set(references.map(keyOf));
    for (const reference of references) this.#follow(reference).pods.add(uid);
    for (const reference of before) {
      if (!wanted.has(keyOf(reference))) this.#release(keyOf(reference), uid);
    }
  }

  unregister(uid: string): void {
    for (const reference of this.#referencesOf.get(uid) ?? []) this.#release(keyOf(reference), uid);
    this.#referencesOf.delete(uid);
    for (const key of this.#tokens.keys()) {
      if (!key.startsWith(`${uid}/`)) continue;
      this.#tokens.delete(key);
      this.#forget(fileName(key));
    }
  }

  stop(): void {
    for (const { stop } of this.#followed.values()) stop.abort();
    this.#followed.clear();
  }

  configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.#get<ConfigMap>({ kind: "configmaps", namespace, name });
  }

  secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.#get<Secret>({ kind: "secrets", namespace, name });
  }

  async claim(namespace: string, name: string): Promise<PersistentVolumeClaim | undefined> {
    return await this.#ask(resources.persistentvolumeclaims, { namespace, name });
  }

  async persistentVolume(name: string): Promise<PersistentVolume | undefined> {
    return await this.#ask(resources.persistentvolumes, { name });
  }

  async token(pod: Pod, query: TokenQuery): Promise<IssuedToken> {
    const account = pod.spec?.serviceAccountName ?? "default";
    const key = `${uidOf(pod)}/${account}/${query.audience ?? ""}/${query.expirationSeconds}`;
    const known = this.#tokens.get(key);
    const now = this.#options.clock.now();
    if (known && now < renewalTime(known)) return known;
    try {
      const fresh = await this.#requestToken(pod, account, query);
      this.#tokens.set(key, fresh);
      return fresh;
    } catch (error) {
      // One that still works is better than none: renewal begins long before the end.
      if (known && now < known.expiresAt) {
        return { ...known, issuedAt: now, expiresAt: now + 60_000 };
      }
      throw error;
    }
  }

  async #requestToken(pod: Pod, account: string, query: TokenQuery): Promise<IssuedToken> {
    const { namespace, name = "" } = pod.metadata;
    const request = {
      ...tokenKind,
      metadata: {},
      spec: {
        audiences: query.audience ? [query.audience] : [],
        expirationSeconds: query.expirationSeconds,
        boundObjectRef: { kind: "Pod", apiVersion: "v1", name, uid: uidOf(pod) },
      },
    };
    const ref = { namespace, name: account };
    const answer = await this.#options.client.post<TokenRequest>(
      resources.serviceaccounts,
      ref,
      "token",
      request,
    );
    const { token, expirationTimestamp } = answer.status ?? {};
    if (!token || !expirationTimestamp) throw new Error("the server answered without a token");
    const issuedAt = this.#options.clock.now();
    return { token, issuedAt, expiresAt: Date.parse(expirationTimestamp) };
  }

  async #get<T extends KubeObject>(reference: ReferencedObject): Promise<T | undefined> {
    const followed = this.#followed.get(keyOf(reference)) ?? this.#follow(reference);
    if (!followed.known) await this.#waitForFirst(followed);
    if (followed.known) return followed.object as T | undefined;
    const saved = await this.#options.checkpoint.load(keyOf(reference));
    if (saved) return saved as T;
    const what = `${reference.kind} ${reference.namespace}/${reference.name}`;
    throw new Error(`cannot read ${what}: the API server does not answer`);
  }

  async #waitForFirst(followed: Followed): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(FIRST_ANSWER_MS, resolve);
    await Promise.race([followed.first, promise]);
    timer.cancel();
  }

  async #ask<T extends KubeObject>(
    resource: Resource<T>,
    ref: { readonly namespace?: string; readonly name: string },
  ): Promise<T | undefined> {
    const key = `${resource.plural}_${ref.namespace ?? ""}_${ref.name}`;
    try {
      const found = await this.#options.client.find(resource, ref);
      if (found) await this.#options.checkpoint.save(key, found);
      return found;
    } catch (error) {
      const saved = error instanceof StatusError
        ? undefined
        : await this.#options.checkpoint.load(key);
      if (saved) return saved as T;
      throw error;
    }
  }

  #follow(reference: ReferencedObject): Followed {
    const key = keyOf(reference);
    const known = this.#followed.get(key);
    if (known) return known;
    const { promise, resolve } = Promise.withResolvers<void>();
    const followed: Followed = {
      stop: new AbortController(),
      first: promise,
      known: false,
      object: undefined,
      pods: new Set(),
    };
    this.#followed.set(key, followed);
    const { client, clock, random, log } = this.#options;
    const resource = resources[reference.kind] as Resource<KubeObject>;
    void reflect(client, resource, {
      clock,
      random,
      log,
      signal: followed.stop.signal,
      namespace: reference.namespace,
      fieldSelector: `metadata.name=${reference.name}`,
      sink: {
        replace: ({ items }) => this.#put(key, items[0], resolve),
        apply: (type, object) => this.#put(key, type === "DELETED" ? undefined : object, resolve),
        progress: () => {},
      },
    });
    return followed;
  }

  #put(key: string, object: KubeObject | undefined, first: () => void): void {
    const followed = this.#followed.get(key);
    if (!followed) return;
    const { checkpoint, log, onChange } = this.#options;
    const changed = followed.known &&
      followed.object?.metadata.resourceVersion !== object?.metadata.resourceVersion;
    if (object) delete object.metadata.managedFields;
    followed.known = true;
    followed.object = object;
    const saving = object ? checkpoint.save(key, object) : checkpoint.remove(key);
    saving.catch((error) => log.warn("Object not checkpointed", { error: String(error) }));
    first();
    if (changed) { for (const uid of followed.pods) onChange(uid); }
  }

  #release(key: string, uid: string): void {
    const followed = this.#followed.get(key);
    followed?.pods.delete(uid);
    if (!followed || followed.pods.size > 0) return;
    followed.stop.abort();
    this.#followed.delete(key);
    this.#forget(key);
  }

  /** What stays on disk by mistake may be a secret: that is worth a line. */
  #forget(name: string): void {
    const { checkpoint, log } = this.#options;
    checkpoint.remove(name).catch((error) =>
      log.warn("Object not removed from the checkpoint", { error: String(error) })
    );
  }
}

const tokenKind = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" };

/** Audiences are URLs, which no file name may be. */
function fileName(tokenKey: string): string {
  return `token_${encodeURIComponent(tokenKey).replaceAll("%", "=")}`;
}

function keyOf({ kind, namespace, name }: ReferencedObject): string {
  return `${kind}_${namespace}_${name}`;
}
