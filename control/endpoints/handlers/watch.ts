import { apiVersionOf, type KindDefinition, type KubeObject } from "../../../shared/api/kind.ts";
import type { Clock } from "../../../shared/clock/clock.ts";
import type { Random } from "../../../shared/clock/random.ts";
import { encodeWatchEvent, frame } from "../../../shared/codec/protobuf_envelope.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { ResourceStore } from "../../registry/resource_store.ts";
import { partialMetadataOf, tableOf } from "../../registry/table.ts";
import type { CacheEvent, WatchSink } from "../../storage/cacher/cache.ts";
import { type Revision, StorageError } from "../../storage/storage.ts";
import { type ListOptions, readListOptions, readResourceVersion } from "../list_options.ts";
import { mediaTypes, type Negotiated } from "../negotiation.ts";
import type { ResourceRequest } from "../resource_request.ts";
import { encodeAny } from "../respond.ts";
import { matcherOf } from "../selectors.ts";
import { viewOf, waitForRevision } from "./read.ts";

/** A watcher that leaves more than this unread is cut off; it comes back and catches up from its revision. */
const maxBacklogBytes = 8 * 1024 * 1024;
/** How often a quiet watch is told the current revision, if it asked for bookmarks. */
const bookmarkMs = 60_000;
/** Watches end by themselves after 30 to 60 minutes (the reference's --min-request-timeout), spread by chance. */
const minWatchMs = 30 * 60_000;

interface WatchDeps {
  readonly negotiated: Negotiated;
  readonly clock: Clock;
  readonly random: Random;
}

/** GET of a collection with watch=true: an endless answer, one frame an event. */
export async function watchObjects(
  request: ResourceRequest,
  store: ResourceStore,
  deps: WatchDeps,
): Promise<Response> {
  const { info, query, resource: { kind } } = request;
  const options = readListOptions(query, true);
  const match = matcherOf(kind, options);
  const version = readResourceVersion(options.resourceVersion);
  const start = startOf(options, version);
  if (version > 0 && start.after === undefined) await waitForRevision(store.cache, version);
  const stream = new WatchStream(kind, store, deps, options);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => stream.open(controller, request.signal),
    cancel: () => stream.close(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: maxBacklogBytes }));
  const where = { ...(info.namespace !== "" && { namespace: info.namespace }) };
  await stream.subscribe({ ...where, ...(match && { match }), ...start });
  return new Response(body, {
    headers: {
      "content-type": contentTypeOf(deps.negotiated),
      "cache-control": "no-cache, private",
    },
  });
}

/** Where a watch begins (API concepts, "Semantics for watch"; KEP-3157 for initial events). */
function startOf(
  options: ListOptions,
  version: number,
): { readonly after?: Revision; readonly initialEvents?: boolean } {
  if (options.sendInitialEvents !== undefined) {
    if (options.sendInitialEvents) return { initialEvents: options.allowWatchBookmarks };
    return version > 0 ? { after: version as Revision } : { after: -1 as Revision };
  }
  return version > 0 ? { after: version as Revision } : {};
}

function contentTypeOf({ format }: Negotiated): string {
  return format === "json" ? mediaTypes.json : `${mediaTypes[format]};stream=watch`;
}

/** One client's watch: encodes events and hands them over as fast as the client takes them. */
class WatchStream implements WatchSink {
  readonly #kind: KindDefinition;
  readonly #store: ResourceStore;
  readonly #deps: WatchDeps;
  readonly #options: ListOptions;
  readonly #format: string;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #unsubscribe: (() => void) | undefined;
  #cleanups: (() => void)[] = [];
  #columnsSent = false;

  constructor(kind: KindDefinition, store: ResourceStore, deps: WatchDeps, options: ListOptions) {
    this.#kind = kind;
    this.#store = store;
    this.#deps = deps;
    this.#options = options;
    this.#format = `${deps.negotiated.format}:${kind.version}:${deps.negotiated.as}`;
  }

  open(controller: ReadableStreamDefaultController<Uint8Array>, signal: AbortSignal): void {
    this.#controller = controller;
    const end = () => this.close();
    signal.addEventListener("abort", end, { once: true });
    this.#cleanups.push(() => signal.removeEventListener("abort", end));
    const { clock, random } = this.#deps;
    const ms = this.#options.timeoutSeconds > 0
      ? this.#options.timeoutSeconds * 1000
      : minWatchMs * (1 + random.float());
    const timer = clock.after(ms, end);
    this.#cleanups.push(() => timer.cancel());
    if (this.#options.allowWatchBookmarks) this.#scheduleBookmark();
  }

  async subscribe(query: Parameters<ResourceStore["cache"]["watch"]>[0]): Promise<void> {
    const { cache } = this.#store;
    const { after } = query;
    const from = after !== undefined && after < 0 ? cache.revision : after;
    const rest = { ...query, ...(from !== undefined && { after: from }) };
    try {
      const unsubscribe = await cache.watch(rest, this);
      if (this.#controller) this.#unsubscribe = unsubscribe;
      else unsubscribe();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      // The reference waits for a revision to come; a client that asks for the far future sees nothing.
      if (error.code === "Future") return;
      this.#fail(error, after);
    }
  }

  events(batch: readonly CacheEvent[]): void {
    for (const event of batch) {
      const shared = this.#deps.negotiated.as !== "Table";
      this.#send(
        shared
          ? event.encoded(this.#format, (e) => this.#frame(e.type, this.#objectOf(e)))
          : this.#frame(event.type, this.#objectOf(event)),
      );
    }
  }

  bookmark(revision: Revision, initialEventsEnd: boolean): void {
    if (!this.#options.allowWatchBookmarks) return;
    const object: KubeObject = {
      kind: this.#kind.kind,
      apiVersion: apiVersionOf(this.#kind),
      metadata: {
        resourceVersion: String(revision),
        ...(initialEventsEnd && { annotations: { "k8s.io/initial-events-end": "true" } }),
      },
    };
    this.#send(this.#frame("BOOKMARK", emptyOf(this.#kind, object)));
  }

  closed(error: StorageError): void {
    this.#fail(error, undefined);
  }

  close(): void {
    const controller = this.#controller;
    this.#controller = undefined;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    try {
      controller?.close();
    } catch {
      // Cancelled by the client: nothing is left to close.
    }
  }

  #objectOf(event: CacheEvent): KubeObject | Uint8Array {
    const { format, as, pretty } = this.#deps.negotiated;
    const plain = format === "json" && as === "" && !pretty && !this.#kind.storedAs;
    return plain ? event.entry.value : viewOf(this.#kind, event.entry.value);
  }

  #frame(type: string, object: KubeObject | Uint8Array): Uint8Array {
    const { negotiated } = this.#deps;
    if (object instanceof Uint8Array) return jsonFrame(type, object);
    const shown = this.#transformed(object);
    const bytes = encodeAny({ ...negotiated, pretty: false }, shown);
    return negotiated.format === "protobuf"
      ? frame(encodeWatchEvent(type, bytes))
      : jsonFrame(type, bytes);
  }

  #transformed(object: KubeObject): { readonly kind?: string; readonly apiVersion?: string } {
    const { as, includeObject } = this.#deps.negotiated;
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") {
      return partialMetadataOf(object, this.#deps.negotiated.metaVersion);
    }
    if (as !== "Table") return object;
    const { resourceVersion = "" } = object.metadata;
    const withColumns = !this.#columnsSent;
    this.#columnsSent = true;
    const now = this.#deps.clock.now();
    return tableOf(this.#kind, [object], { resourceVersion }, { now, includeObject, withColumns });
  }

  #send(frame: Uint8Array): void {
    const controller = this.#controller;
    if (!controller) return;
    if ((controller.desiredSize ?? 0) <= 0) return this.close();
    controller.enqueue(frame);
  }

  #fail(error: StorageError, after: Revision | undefined): void {
    if (error.code !== "Compacted") return this.close();
    const store = this.#store;
    const status = new StatusError(
      "Expired",
      `too old resource version: ${after ?? 0} (${store.oldest()})`,
      { cause: error },
    );
    this.#send(this.#errorFrame(status));
    this.close();
  }

  #errorFrame(error: StatusError): Uint8Array {
    const { negotiated } = this.#deps;
    const bytes = encodeAny({ ...negotiated, as: "", pretty: false }, error.toStatus());
    return negotiated.format === "protobuf"
      ? frame(encodeWatchEvent("ERROR", bytes))
      : jsonFrame("ERROR", bytes);
  }

  #scheduleBookmark(): void {
    const timer = this.#deps.clock.after(bookmarkMs, () => {
      this.bookmark(this.#store.cache.revision, false);
      this.#scheduleBookmark();
    });
    this.#cleanups = [() => timer.cancel(), ...this.#cleanups.slice(-3)];
  }
}

/** A bookmark is an object with a resourceVersion and, where the kind always writes them, empty parts. */
function emptyOf(kind: KindDefinition, object: KubeObject): KubeObject {
  const out = object as KubeObject & Record<string, unknown>;
  for (const field of kind.schema.fields.values()) {
    if (field.name in out || field.pointer || field.omitZero) continue;
    if (field.node.type === "struct") out[field.name] = emptyStruct(field.node);
    else if (!field.omitEmpty) out[field.name] = null;
  }
  return out;
}

function emptyStruct(node: KindDefinition["schema"]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of node.fields.values()) {
    if (field.pointer || field.omitZero) continue;
    if (field.node.type === "struct") out[field.name] = emptyStruct(field.node);
    else if (!field.omitEmpty) {
      out[field.name] = zeroOf(field.node.type === "scalar" ? field.node.scalar : "");
    }
  }
  return out;
}

function zeroOf(scalar: string): unknown {
  if (scalar === "string") return "";
  if (scalar === "bool") return false;
  return scalar === "int32" || scalar === "int64" || scalar === "float64" ? 0 : null;
}

const encoder = new TextEncoder();
const heads = new Map<string, Uint8Array>();

function jsonFrame(type: string, object: Uint8Array): Uint8Array {
  let head = heads.get(type);
  if (!head) {
    head = encoder.encode(`{"type":"${type}","object":`);
    heads.set(type, head);
  }
  const frame = new Uint8Array(head.length + object.length + 2);
  frame.set(head);
  frame.set(object, head.length);
  frame[frame.length - 2] = 0x7d;
  frame[frame.length - 1] = 0x0a;
  return frame;
}
