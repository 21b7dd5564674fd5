import { apiVersionOf, type KindDefinition, type KubeObject } from "../../../shared/api/kind.ts";
import type { Clock, Timer } from "../../../shared/clock/clock.ts";
import type { Random } from "../../../shared/clock/random.ts";
import { encodeWatchEvent, frame } from "../../../shared/codec/protobuf_envelope.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { ResourceStore } from "../../registry/resource_store.ts";
import { partialMetadataOf, tableOf } from "../../registry/table.ts";
import type { CacheEvent, WatchSink } from "../../storage/cacher/cache.ts";
import { type Revision, StorageError } from "../../storage/storage.ts";
import { type BodyWriter, sourceResponse } from "../direct_body.ts";
import { type ListOptions, readListOptions, readResourceVersion } from "../list_options.ts";
import { mediaTypes, type Negotiated } from "../negotiation.ts";
import type { ResourceRequest } from "../resource_request.ts";
import { checkEncodable, encodeAny } from "../respond.ts";
import { matcherOf } from "../selectors.ts";
import { viewOf, waitForRevision } from "./read.ts";

/** A watcher that leaves more events than this unread is cut off; it comes back and catches up from its revision. */
const maxBacklog = 8192;
/** Frames are written together up to this size. */
const pieceBytes = 64 * 1024;
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
  checkEncodable(deps.negotiated, kind, "Unstructured");
  const options = readListOptions(query, true);
  const match = matcherOf(kind, options);
  const version = readResourceVersion(options.resourceVersion);
  const start = startOf(options, version);
  if (version > 0 && start.after === undefined) await waitForRevision(store.cache, version);
  const stream = new WatchStream(kind, store, deps, options);
  stream.open(request.signal);
  const where = { ...(info.namespace !== "" && { namespace: info.namespace }) };
  await stream.subscribe({ ...where, ...(match && { match }), ...start });
  return sourceResponse((writer) => stream.attach(writer), {
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

/** An event, what makes a frame when its turn comes, or a frame. */
type Waiting = CacheEvent | (() => Uint8Array) | Uint8Array;

/**
 * One client's watch. Events wait as such, shared with all other watchers, and are encoded when the client has room for
 * them.
 */
class WatchStream implements WatchSink {
  readonly #kind: KindDefinition;
  readonly #store: ResourceStore;
  readonly #deps: WatchDeps;
  readonly #options: ListOptions;
  readonly #format: string;
  #waiting: Waiting[] = [];
  /** How many of those that wait are the state at the start, which is as large as it is. */
  #initial = 0;
  #live = false;
  #ended = false;
  #writer: BodyWriter | undefined;
  #hasRoom = false;
  #unsubscribe: (() => void) | undefined;
  #bookmark: Timer | undefined;
  readonly #cleanups: (() => void)[] = [];
  #columnsSent = false;

  constructor(kind: KindDefinition, store: ResourceStore, deps: WatchDeps, options: ListOptions) {
    this.#kind = kind;
    this.#store = store;
    this.#deps = deps;
    this.#options = options;
    this.#format = `${deps.negotiated.format}:${kind.version}:${deps.negotiated.as}`;
  }

  /** Starts the watch's own time. */
  open(signal: AbortSignal): void {
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
      this.#live = true;
      if (this.#ended) unsubscribe();
      else this.#unsubscribe = unsubscribe;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      // The reference waits for a revision to come; a client that asks for the far future sees nothing.
      if (error.code === "Future") return;
      this.#fail(error, after);
    }
  }

  /** Gives the watch its client. */
  attach(writer: BodyWriter): void {
    this.#writer = writer;
    this.#hasRoom = true;
    writer.onClose(() => {
      this.#waiting = [];
      this.close();
    });
    writer.onDrain(() => {
      this.#hasRoom = true;
      this.#pump();
    });
    this.#pump();
  }

  events(batch: readonly CacheEvent[]): void {
    if (this.#ended) return;
    for (const event of batch) this.#waiting.push(event);
    if (!this.#live) this.#initial += batch.length;
    else if (this.#waiting.length - this.#initial > maxBacklog) return this.#cutOff();
    this.#pump();
  }

  bookmark(revision: Revision, initialEventsEnd: boolean): void {
    if (!this.#options.allowWatchBookmarks || this.#ended) return;
    const object: KubeObject = {
      kind: this.#kind.kind,
      apiVersion: apiVersionOf(this.#kind),
      metadata: {
        resourceVersion: String(revision),
        ...(initialEventsEnd && { annotations: { "k8s.io/initial-events-end": "true" } }),
      },
    };
    // Encoded in its turn: of a table's rows, the first one carries the columns.
    this.#waiting.push(() => this.#frame("BOOKMARK", emptyOf(this.#kind, object)));
    this.#pump();
  }

  closed(error: StorageError): void {
    this.#fail(error, undefined);
  }

  /** No more events; those that wait are still sent. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#bookmark?.cancel();
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    this.#pump();
  }

  #cutOff(): void {
    this.#waiting = [];
    this.close();
  }

  /** Writes what waits while the client has room; many small frames go as one. */
  #pump(): void {
    const writer = this.#writer;
    if (!writer) return;
    while (this.#hasRoom && this.#waiting.length > 0) {
      const frames: Uint8Array[] = [];
      let size = 0;
      let taken = 0;
      while (taken < this.#waiting.length && size < pieceBytes) {
        const frame = this.#frameOf(this.#waiting[taken++]!);
        frames.push(frame);
        size += frame.length;
      }
      this.#waiting.splice(0, taken);
      this.#initial = Math.max(0, this.#initial - taken);
      this.#hasRoom = writer.write(...frames);
    }
    if (!this.#ended || this.#waiting.length > 0) return;
    this.#writer = undefined;
    writer.end();
  }

  #frameOf(item: Waiting): Uint8Array {
    if (item instanceof Uint8Array) return item;
    if (typeof item === "function") return item();
    // A table's first row carries the columns, so no two watchers share its frames.
    if (this.#deps.negotiated.as === "Table") return this.#frame(item.type, this.#objectOf(item));
    return item.encoded(this.#format, (event) => this.#frame(event.type, this.#objectOf(event)));
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

  #fail(error: StorageError, after: Revision | undefined): void {
    if (error.code !== "Compacted") return this.close();
    const store = this.#store;
    const status = new StatusError(
      "Expired",
      `too old resource version: ${after ?? 0} (${store.oldest()})`,
      { cause: error },
    );
    if (!this.#ended) this.#waiting.push(this.#errorFrame(status));
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
    this.#bookmark = this.#deps.clock.after(bookmarkMs, () => {
      this.bookmark(this.#store.cache.revision, false);
      if (!this.#ended) this.#scheduleBookmark();
    });
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
