import type { KubeObject } from "../api/kind.ts";
import { apiVersionOf } from "../api/kind.ts";
import { isStatus, StatusError } from "../meta/status_error.ts";
import type { Status } from "../meta/types.gen.ts";
import type {
  Client,
  ListQuery,
  ListResult,
  PatchOptions,
  WatchEvent,
  WatchQuery,
  WriteOptions,
} from "./client.ts";
import { pathOf, type Resource } from "./resource.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";
import { watchFrames } from "./watch_frames.ts";

export interface RestClientOptions {
  /** Its first word (up to "/") is the default field manager. */
  readonly userAgent: string;
  /** Objects asked for at once when listing. Default 1000. */
  readonly pageSize?: number;
  /** Reads give `apiVersion`, `kind` and `metadata` alone (PartialObjectMetadata). */
  readonly metadataOnly?: boolean;
}

const JSON_TYPE = "application/json";
const METADATA = `${JSON_TYPE};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`;
const METADATA_LIST = `${JSON_TYPE};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;

const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** A client that speaks JSON over `transport`. It holds no state: make as many as there are users to act as. */
export function restClient(transport: Transport, options: RestClientOptions): Client {
  const { userAgent, pageSize = 1000, metadataOnly } = options;
  const one = metadataOnly ? METADATA : JSON_TYPE;
  const send = (request: TransportRequest) => transport.send({ ...request, userAgent });
  const call = async <T>(request: TransportRequest): Promise<T> => {
    const response = await send({ accept: JSON_TYPE, ...request });
    return JSON.parse(await accepted(response)) as T;
  };
  const write = <T>(method: "POST" | "PUT", path: string, body: unknown) =>
    call<T>({ method, path, contentType: "application/json", body: JSON.stringify(body) });

  const client: Client = {
    get: (resource, ref) => call({ method: "GET", path: pathOf(resource, ref), accept: one }),
    find: (resource, ref) => client.get(resource, ref).catch(undefinedIfMissing),
    list: (resource, query = {}) =>
      listPages(
        (request) => call({ ...request, accept: metadataOnly ? METADATA_LIST : JSON_TYPE }),
        resource,
        { ...query, pageSize },
      ),
    watch: (resource, query) =>
      watch((request) => send({ ...request, accept: one }), resource, query),
    create(resource, object, options = {}) {
      const { namespace, name } = object.metadata;
      const ref = options.subresource === undefined ? { namespace } : { namespace, name };
      return write("POST", pathOf(resource, ref, options.subresource) + params(options), object);
    },
    update: (resource, object, options = {}) =>
      write(
        "PUT",
        pathOf(resource, object.metadata, options.subresource) + params(options),
        object,
      ),
    patch: (resource, ref, patch, options) =>
      call({
        method: "PATCH",
        path: pathOf(resource, ref, options.subresource) + params(options),
        contentType: patchTypes[options.type],
        body: JSON.stringify(patch),
      }),
    async delete(resource, ref, options) {
      const body = options && { kind: "DeleteOptions", apiVersion: "v1", ...options };
      await call({
        method: "DELETE",
        path: pathOf(resource, ref),
        ...(body && { contentType: "application/json", body: JSON.stringify(body) }),
      });
    },
    post: (resource, ref, subresource, body) =>
      write("POST", pathOf(resource, ref, subresource), body),
  };
  return client;
}

type Call = <T>(request: TransportRequest) => Promise<T>;
interface Page<T> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: T[] | null;
}

async function listPages<T extends KubeObject>(
  call: Call,
  resource: Resource<T>,
  query: ListQuery & { pageSize: number },
): Promise<ListResult<T>> {
  const items: T[] = [];
  let token: string | undefined;
  let limit = query.pageSize;
  for (;;) {
    let page: Page<T>;
    try {
      page = await call({ ...listRequest(resource, query, { limit, continue: token }) });
    } catch (error) {
      // The revision of the first page was compacted meanwhile: only one undivided list is sure to be consistent.
      if (token === undefined || !isStatus(error, "Expired")) throw error;
      items.length = 0;
      token = undefined;
      limit = 0;
      continue;
    }
    for (const item of page.items ?? []) items.push(typed(resource, item));
    token = page.metadata.continue || undefined;
    if (token === undefined) {
      return { resourceVersion: page.metadata.resourceVersion ?? "", items };
    }
  }
}

function listRequest(
  resource: Resource,
  query: ListQuery,
  page: { limit: number; continue: string | undefined },
): TransportRequest {
  const search = new URLSearchParams();
  if (query.labelSelector) search.set("labelSelector", query.labelSelector);
  if (query.fieldSelector) search.set("fieldSelector", query.fieldSelector);
  // A token names its revision; the server refuses a second one.
  if (query.resourceVersion !== undefined && !page.continue) {
    search.set("resourceVersion", query.resourceVersion);
  }
  if (page.limit > 0) search.set("limit", String(page.limit));
  if (page.continue) search.set("continue", page.continue);
  return { method: "GET", path: withSearch(pathOf(resource, query), search), signal: query.signal };
}

/** Items of a list leave out what the list says already. */
function typed<T extends KubeObject>(resource: Resource<T>, item: T): T {
  if (item.kind === undefined) {
    item.kind = resource.kind;
    item.apiVersion = apiVersionOf(resource);
  }
  return item;
}

async function* watch<T extends KubeObject>(
  send: (request: TransportRequest) => Promise<TransportResponse>,
  resource: Resource<T>,
  query: WatchQuery,
): AsyncIterable<WatchEvent<T>> {
  const search = new URLSearchParams({ watch: "true", allowWatchBookmarks: "true" });
  if (query.labelSelector) search.set("labelSelector", query.labelSelector);
  if (query.fieldSelector) search.set("fieldSelector", query.fieldSelector);
  if (query.resourceVersion !== undefined) search.set("resourceVersion", query.resourceVersion);
  if (query.timeoutSeconds) search.set("timeoutSeconds", String(Math.round(query.timeoutSeconds)));
  const response = await send({
    method: "GET",
    path: withSearch(pathOf(resource, query), search),
    signal: query.signal,
  });
  if (response.status >= 300) await accepted(response);
  for await (const { type, object } of watchFrames(response.stream())) {
    if (type === "ERROR") {
      const status = object as unknown as Partial<Status>;
      throw StatusError.fromStatus(status, status.code ?? 500);
    }
    yield { type, object } as WatchEvent<T>;
  }
}

/** The body of an answer, or the refusal as an exception (`StatusError`). */
export async function accepted(response: TransportResponse): Promise<string> {
  const text = await response.text();
  if (response.status < 300) return text;
  let status: Partial<Status> = {};
  try {
    status = JSON.parse(text) as Partial<Status>;
  } catch {
    // Not from the API but from something on the way, e.g. a proxy: what it said is the message.
    status = { message: text.trim().slice(0, 500) || `the server answered ${response.status}` };
  }
  throw StatusError.fromStatus(status, response.status);
}

function undefinedIfMissing(error: unknown): undefined {
  if (isStatus(error, "NotFound")) return undefined;
  throw error;
}

function params(options: WriteOptions & Partial<PatchOptions>): string {
  const search = new URLSearchParams();
  if (options.dryRun) search.set("dryRun", "All");
  if (options.fieldManager !== undefined) search.set("fieldManager", options.fieldManager);
  if (options.force) search.set("force", "true");
  return withSearch("", search);
}

function withSearch(path: string, search: URLSearchParams): string {
  return search.size === 0 ? path : `${path}?${search}`;
}
