import type { KubeObject } from "../../shared/api/kind.ts";
import type {
  Client,
  ListQuery,
  ListResult,
  ObjectRef,
  PatchOptions,
  WatchEvent,
  WatchQuery,
  WriteOptions,
} from "../../shared/client/client.ts";
import type { EventRecorder } from "../../shared/client/events.ts";
import type { Resource } from "../../shared/client/resource.ts";
import type { DeleteOptions } from "../../shared/meta/types.gen.ts";
import { StatusError } from "../../shared/meta/status_error.ts";

type Listener = (event: WatchEvent<KubeObject>, version: number) => void;

/**
 * An API server in memory for the kubelet's tests: objects, versions, watches, graceful deletion of pods. It knows
 * no rules; patches are merged, conditions by their type.
 */
export class FakeApi implements Client {
  readonly objects = new Map<string, KubeObject>();
  /** Every write, as `verb plural/name`. */
  readonly writes: string[] = [];
  /** While set, nothing is answered: the server is out of reach. */
  down = false;
  readonly #history: { version: number; prefix: string; event: WatchEvent<KubeObject> }[] = [];
  readonly #listeners = new Map<Listener, string>();
  #version = 1;

  /** Puts an object in, as if somebody else had. */
  put<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const known = this.objects.has(pathOf(resource, object.metadata));
    return this.#store(resource, object, known ? "MODIFIED" : "ADDED");
  }

  /** Takes an object away at once. */
  remove(resource: Resource, ref: ObjectRef): void {
    const path = pathOf(resource, ref);
    const object = this.objects.get(path);
    if (!object) return;
    this.objects.delete(path);
    this.#tell(resource, "DELETED", this.#stamped(object));
  }

  peek<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): T | undefined {
    return this.objects.get(pathOf(resource, ref)) as T | undefined;
  }

  async get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T> {
    const found = await this.find(resource, ref);
    if (!found) throw new StatusError("NotFound", `${resource.plural} "${ref.name}" not found`);
    return found;
  }

  async find<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T | undefined> {
    this.#answer();
    return structuredClone(this.peek(resource, ref));
  }

  async list<T extends KubeObject>(
    resource: Resource<T>,
    query: ListQuery = {},
  ): Promise<ListResult<T>> {
    this.#answer();
    const prefix = prefixOf(resource, query.namespace);
    const items = [...this.objects].filter(([path]) => path.startsWith(prefix))
      .map(([, object]) => structuredClone(object) as T)
      .filter((object) => matches(object, query.fieldSelector));
    return { resourceVersion: String(this.#version), items };
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    query: WatchQuery,
  ): AsyncIterable<WatchEvent<T>> {
    this.#answer();
    const prefix = prefixOf(resource, query.namespace);
    const since = Number(query.resourceVersion ?? 0);
    const waiting = this.#history.filter((one) =>
      one.version > since && one.prefix.startsWith(prefix)
    )
      .map(({ event }) => event);
    let wake = () => {};
    const listener: Listener = (event) => {
      waiting.push(event);
      wake();
    };
    this.#listeners.set(listener, prefix);
    query.signal?.addEventListener("abort", () => wake(), { once: true });
    try {
      while (!query.signal?.aborted) {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          if (matches(next.object, query.fieldSelector)) {
            yield structuredClone(next) as WatchEvent<T>;
          }
        }
        if (query.signal?.aborted) return;
        await new Promise<void>((resolve) => wake = resolve);
        this.#answer();
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    this.#answer();
    this.#note("create", resource, object.metadata.name);
    if (this.objects.has(pathOf(resource, object.metadata))) {
      throw new StatusError("AlreadyExists", `${resource.plural} already exists`);
    }
    return this.#store(resource, object, "ADDED");
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    this.#answer();
    this.#note("update", resource, object.metadata.name);
    return this.#store(resource, object, "MODIFIED");
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: unknown,
    options: PatchOptions,
  ): Promise<T> {
    const old = await this.get(resource, ref);
    this.#note(`patch${options.subresource ? ` ${options.subresource}` : ""}`, resource, ref.name);
    return this.#store(resource, merge(old, patch) as T, "MODIFIED");
  }

  async delete(
    resource: Resource,
    ref: ObjectRef,
    options: Partial<DeleteOptions> = {},
  ): Promise<void> {
    const old = await this.get(resource, ref);
    this.#note("delete", resource, ref.name);
    const seconds = options.gracePeriodSeconds ?? (resource.plural === "pods" ? 30 : 0);
    if (seconds === 0) return this.remove(resource, ref);
    const deletionTimestamp = new Date(0).toISOString();
    const metadata = { ...old.metadata, deletionTimestamp, deletionGracePeriodSeconds: seconds };
    this.#store(resource, { ...old, metadata }, "MODIFIED");
  }

  async post<R>(
    _resource: Resource,
    ref: ObjectRef,
    subresource: string,
    _body: unknown,
    _options?: WriteOptions,
  ): Promise<R> {
    this.#answer();
    const expirationTimestamp = new Date(Date.UTC(2100, 0, 1)).toISOString();
    return { status: { token: `${subresource}-of-${ref.name}`, expirationTimestamp } } as R;
  }

  /** Ends every watch, as a server that goes away does. */
  disconnect(): void {
    this.down = true;
    for (const listener of this.#listeners.keys()) {
      listener({ type: "BOOKMARK", object: { apiVersion: "", kind: "", metadata: {} } }, 0);
    }
  }

  #store<T extends KubeObject>(resource: Resource<T>, object: T, type: "ADDED" | "MODIFIED"): T {
    const stamped = this.#stamped(object);
    this.objects.set(pathOf(resource, object.metadata), stamped);
    this.#tell(resource, type, stamped);
    return structuredClone(stamped);
  }

  #stamped<T extends KubeObject>(object: T): T {
    const resourceVersion = String(++this.#version);
    return structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion } });
  }

  #tell(resource: Resource, type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject): void {
    const event = { type, object };
    const path = pathOf(resource, object.metadata);
    this.#history.push({ version: this.#version, prefix: path, event });
    for (const [listener, prefix] of this.#listeners) {
      if (path.startsWith(prefix)) listener(event, this.#version);
    }
  }

  #note(verb: string, resource: Resource, name: string | undefined): void {
    this.writes.push(`${verb} ${resource.plural}/${name}`);
  }

  #answer(): void {
    if (this.down) throw new Error("connection refused");
  }
}

/** Keeps events as lines: `Warning BackOff message`. */
export class FakeEvents implements EventRecorder {
  readonly lines: string[] = [];
  event(_about: KubeObject, type: "Normal" | "Warning", reason: string, message: string): void {
    this.lines.push(`${type} ${reason} ${message}`);
  }
}

function prefixOf(resource: Resource, namespace?: string): string {
  return `${resource.group}/${resource.plural}/${namespace ? `${namespace}/` : ""}`;
}

function pathOf(
  resource: Resource,
  ref: { namespace?: string | undefined; name?: string | undefined },
) {
  return `${prefixOf(resource, ref.namespace)}${ref.name}`;
}

function matches(object: KubeObject, selector: string | undefined): boolean {
  return (selector ?? "").split(",").filter((term) => term !== "").every((term) => {
    const [path = "", wanted] = term.split("=");
    const value = path.split(".").reduce<unknown>(
      (at, key) => (at as Record<string, unknown> | undefined)?.[key],
      object,
    );
    return value === wanted;
  });
}

function merge(old: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== "object") return patch;
  if (Array.isArray(patch)) return mergeList(old, patch);
  const base = old !== null && typeof old === "object" && !Array.isArray(old) ? old : {};
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

function mergeList(old: unknown, patch: readonly unknown[]): unknown[] {
  const items = patch as { type?: string; $patch?: string }[];
  const plain = items.filter((item) => item?.$patch === undefined);
  const byType = items.length > 0 && items.every((item) => typeof item?.type === "string");
  if (!byType || !Array.isArray(old)) return plain;
  const kept = (old as { type?: string }[])
    .filter(({ type }) => !items.some((item) => item.type === type));
  return [...kept, ...plain];
}
