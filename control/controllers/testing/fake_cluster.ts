import { isDeepStrictEqual } from "node:util";
import { apiVersionOf, type KubeObject } from "../../../shared/api/kind.ts";
import type {
  Client,
  ListQuery,
  ObjectRef,
  PatchOptions,
  WatchEvent,
  WatchQuery,
  WriteOptions,
} from "../../../shared/client/client.ts";
import type { Resource } from "../../../shared/client/resource.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { FakeClock, settle } from "../../../shared/clock/fake_clock.ts";
import { nameSuffix, seededRandom } from "../../../shared/clock/random.ts";
import { createInformerSet } from "../../../shared/informer/informer_set.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { parseLabelSelector } from "../../../shared/meta/labels.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { DeleteOptions } from "../../../shared/meta/types.gen.ts";
import type { DiscoveredResource } from "../../../shared/client/discovery.ts";
import type { ControllerConfig, ControllerDefinition } from "../controller.ts";
import { runControllers } from "../manager.ts";

interface Change {
  readonly resource: string;
  readonly event: WatchEvent<KubeObject>;
}
type Tree = Record<string, unknown>;
/** One write, as tests list them: `create pods shop/web-x`. */
export type WriteRecord = string;

/**
 * An API in memory, as far as controllers can tell: versions, UIDs, generations, status kept apart, finalizers,
 * owner references kept, watches. It does no defaulting or validation, and deletes pods at once unless they are bound
 * and `gracefulPods` is set. For tests of reconcile functions.
 */
export class FakeCluster implements Client {
  readonly clock = new FakeClock();
  readonly random = seededRandom(1);
  /** Every accepted write, in order, events aside. */
  readonly writes: WriteRecord[] = [];
  readonly events: string[] = [];
  gracefulPods = false;
  /** Called before a write is made; what it throws is the server's answer. */
  refuse: (write: WriteRecord, object: KubeObject | undefined) => void = () => {};
  /** What `config.discover` answers. */
  discovered: DiscoveredResource[] = [];
  readonly config: ControllerConfig = {
    clusterCidr: "10.42.0.0/16",
    nodeCidrMaskSize: 24,
    caBundle: "CA",
    nodeMonitorGraceMs: 40_000,
    discover: () => Promise.resolve(this.discovered),
  };
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #changes: Change[] = [];
  readonly #waiting = new Set<() => void>();
  #version = 0;
  #stop = new AbortController();

  /** Runs controllers against this cluster until `stop`. */
  async run(...definitions: ControllerDefinition[]): Promise<void> {
    const { clock, random, config } = this;
    const informers = createInformerSet(this, { clock, random, log: silentLog });
    const { signal } = this.#stop;
    signal.addEventListener("abort", () => informers.stop());
    void runControllers(definitions, {
      clientFor: () => this,
      informers,
      metadataInformers: informers,
      clock,
      random,
      log: silentLog,
      config,
      signal,
    });
    await this.quiet();
  }

  /** Lets everything that is due now happen, and what follows from it, back-off included. */
  async quiet(): Promise<void> {
    for (let i = 0; i < 4; i++) {
      await settle();
      await this.clock.advance(50);
    }
  }

  async advance(ms: number): Promise<void> {
    await this.quiet();
    await this.clock.advance(ms);
    await this.quiet();
  }

  stop(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#wake();
  }

  /** What is stored; changes to it change nothing. */
  all<T extends KubeObject>(resource: Resource<T>): T[] {
    return structuredClone([...this.#of(resource).values()]) as T[];
  }

  /** Changes an object as nobody in particular, status included. */
  change<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    edit: (object: T) => void,
  ): T {
    const object = structuredClone(this.#must(resource, ref)) as T;
    edit(object);
    return this.#put(resource, object, "MODIFIED");
  }

  get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T> {
    return this.#try(() => structuredClone(this.#must(resource, ref)) as T);
  }

  find<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T | undefined> {
    return this.#try(() => structuredClone(this.#of(resource).get(refKey(ref))) as T | undefined);
  }

  list<T extends KubeObject>(resource: Resource<T>, query: ListQuery = {}) {
    return this.#try(() => ({
      resourceVersion: String(this.#version),
      items: this.all(resource).filter((object) => selects(query, object)),
    }));
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    query: WatchQuery,
  ): AsyncIterable<WatchEvent<T>> {
    const from = Number(query.resourceVersion ?? 0);
    let at = this.#changes.findIndex(({ event }) => versionOf(event.object) > from);
    if (at < 0) at = this.#changes.length;
    while (!query.signal?.aborted) {
      const change = this.#changes[at];
      if (change) {
        at++;
        if (change.resource !== idOf(resource) || !selects(query, change.event.object)) continue;
        yield structuredClone(change.event) as WatchEvent<T>;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        query.signal?.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  create<T extends KubeObject>(resource: Resource<T>, given: T, _options: WriteOptions = {}) {
    return this.#try(() => {
      const object = structuredClone(given);
      const { metadata } = object;
      metadata.name ??= `${metadata.generateName}${nameSuffix(this.random)}`;
      if (!resource.namespaced) delete metadata.namespace;
      if (this.#of(resource).has(refKey(metadata as ObjectRef))) {
        const details = { name: metadata.name, kind: resource.plural };
        const text = `${resource.plural} "${metadata.name}" already exists`;
        throw new StatusError("AlreadyExists", text, { details });
      }
      if (resource.plural === "events") {
        const { type, reason, message } = object as unknown as Record<string, string>;
        this.events.push(`${type} ${reason} ${message}`);
      } else {
        this.#record(`create ${resource.plural} ${refKey(metadata as ObjectRef)}`, object);
      }
      metadata.uid = this.random.uuid();
      metadata.generation = 1;
      metadata.creationTimestamp = timestamp(this.clock.now());
      object.kind = resource.kind;
      object.apiVersion = apiVersionOf(resource);
      return this.#put(resource, object, "ADDED");
    });
  }

  update<T extends KubeObject>(resource: Resource<T>, given: T, options: WriteOptions = {}) {
    return this.#try(() => {
      const old = this.#must(resource, given.metadata as ObjectRef) as T;
      const version = given.metadata.resourceVersion;
      if (version !== undefined && version !== old.metadata.resourceVersion) {
        throw new StatusError("Conflict", "the object has been modified");
      }
      if (given.metadata.uid !== undefined && given.metadata.uid !== old.metadata.uid) {
        throw new StatusError("Conflict", "the UID differs");
      }
      return this.#replace(resource, structuredClone(given), options);
    });
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: unknown,
    options: PatchOptions,
  ): Promise<T> {
    return this.#try(() => {
      const old = this.#must(resource, ref) as T;
      if (options.type === "json") throw new TypeError("FakeCluster takes merge patches only");
      const { metadata } = patch as Partial<KubeObject>;
      for (const field of ["uid", "resourceVersion"] as const) {
        if (metadata?.[field] !== undefined && metadata[field] !== old.metadata[field]) {
          throw new StatusError("Conflict", `the ${field} differs`);
        }
      }
      return this.#replace(resource, merged(old, patch) as T, options, "patch");
    });
  }

  delete(resource: Resource, ref: ObjectRef, options: Partial<DeleteOptions> = {}): Promise<void> {
    return this.#try(() => {
      const old = this.#must(resource, ref);
      const { preconditions, propagationPolicy } = options;
      const { uid, resourceVersion } = preconditions ?? {};
      if (uid !== undefined && uid !== old.metadata.uid) {
        throw new StatusError("Conflict", "the UID differs");
      }
      if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
        throw new StatusError("Conflict", "the resourceVersion differs");
      }
      this.#record(`delete ${resource.plural} ${refKey(ref)}`, old);
      const object = structuredClone(old);
      const add = { Foreground: "foregroundDeletion", Orphan: "orphan" }[propagationPolicy ?? ""];
      if (add) object.metadata.finalizers = [...object.metadata.finalizers ?? [], add];
      const graceful = resource.plural === "pods" && this.gracefulPods &&
        options.gracePeriodSeconds !== 0;
      const namespace = resource.plural === "namespaces";
      if (resource.plural === "pods") {
        object.metadata.deletionGracePeriodSeconds = graceful ? 30 : 0;
      }
      if (graceful || namespace || object.metadata.finalizers?.length) {
        object.metadata.deletionTimestamp ??= timestamp(this.clock.now() + (graceful ? 30_000 : 0));
        this.#put(resource, object, "MODIFIED");
      } else this.#remove(resource, object);
    });
  }

  post<R>(_resource: Resource, ref: ObjectRef, subresource: string, body: unknown): Promise<R> {
    return this.#try(() => {
      this.#record(`post ${subresource} ${refKey(ref)}`, body as KubeObject);
      return body as R;
    });
  }

  #replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    { subresource }: WriteOptions,
    verb = "update",
  ): T {
    const ref = object.metadata as ObjectRef;
    const old = this.#must(resource, ref) as T & Tree;
    const next =
      (subresource === "status"
        ? { ...structuredClone(old), status: (object as Tree).status }
        : { ...object, ...(old.status !== undefined && { status: old.status }) }) as unknown as
          & T
          & Tree;
    if (subresource === undefined && resource.plural === "nodes") {
      (next as Tree).status = (object as Tree).status;
    }
    if (isDeepStrictEqual(next, old)) return structuredClone(old);
    const what = subresource === undefined ? "" : `/${subresource}`;
    if (resource.plural !== "events") {
      this.#record(`${verb} ${resource.plural}${what} ${refKey(ref)}`, next as KubeObject);
    }
    next.metadata.generation = old.metadata.generation;
    if (!isDeepStrictEqual(next.spec, old.spec)) {
      next.metadata.generation = (old.metadata.generation ?? 0) + 1;
    }
    const finalizers = (next.spec as Tree | undefined)?.finalizers as unknown[] | undefined;
    const done = next.metadata.deletionTimestamp && !next.metadata.deletionGracePeriodSeconds &&
      !next.metadata.finalizers?.length &&
      !finalizers?.length;
    if (done) return this.#remove(resource, next as T);
    return this.#put(resource, next as T, "MODIFIED");
  }

  #record(write: WriteRecord, object: KubeObject): void {
    this.refuse(write, object);
    this.writes.push(write);
  }

  #put<T extends KubeObject>(resource: Resource<T>, object: T, type: "ADDED" | "MODIFIED"): T {
    object.metadata.resourceVersion = String(++this.#version);
    this.#of(resource).set(refKey(object.metadata as ObjectRef), object);
    this.#tell({ resource: idOf(resource), event: { type, object: structuredClone(object) } });
    return structuredClone(object);
  }

  #remove<T extends KubeObject>(resource: Resource<T>, object: T): T {
    object.metadata.resourceVersion = String(++this.#version);
    this.#of(resource).delete(refKey(object.metadata as ObjectRef));
    this.#tell({ resource: idOf(resource), event: { type: "DELETED", object } });
    return object;
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #must(resource: Resource, ref: ObjectRef): KubeObject {
    const found = this.#of(resource).get(refKey(ref));
    if (found) return found;
    throw new StatusError("NotFound", `${resource.plural} "${ref.name}" not found`);
  }

  #of(resource: Resource): Map<string, KubeObject> {
    let objects = this.#objects.get(idOf(resource));
    if (!objects) this.#objects.set(idOf(resource), objects = new Map());
    return objects;
  }

  async #try<R>(body: () => R): Promise<R> {
    await Promise.resolve();
    return body();
  }
}

function idOf(resource: Resource): string {
  return `${resource.group}/${resource.plural}`;
}

function refKey({ namespace, name }: ObjectRef): string {
  return namespace ? `${namespace}/${name}` : name;
}

function versionOf(object: KubeObject): number {
  return Number(object.metadata.resourceVersion);
}

function selects(query: ListQuery, object: KubeObject): boolean {
  if (query.namespace !== undefined && object.metadata.namespace !== query.namespace) return false;
  const name = /^metadata\.name=(.*)$/.exec(query.fieldSelector ?? "")?.[1];
  if (name !== undefined && object.metadata.name !== name) return false;
  if (query.labelSelector === undefined) return true;
  return parseLabelSelector(query.labelSelector).matches(object.metadata.labels);
}

/** RFC 7386. */
function merged(old: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Tree = typeof old === "object" && old !== null && !Array.isArray(old)
    ? { ...old as Tree }
    : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = merged(result[key], value);
  }
  return structuredClone(result);
}
