import type { KindDefinition, KubeObject } from "../../../shared/api/kind.ts";
import type { Clock } from "../../../shared/clock/clock.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { ListMeta } from "../../../shared/meta/types.gen.ts";
import { decodeContinue, encodeContinue } from "../../registry/continue_token.ts";
import { badRequest, notFoundError } from "../../registry/errors.ts";
import type { ResourceStore } from "../../registry/resource_store.ts";
import { decodeStored, keyOf, prefixOf } from "../../registry/stored_object.ts";
import type { CacheQuery, ResourceCache } from "../../storage/cacher/cache.ts";
import { type Revision, StorageError } from "../../storage/storage.ts";
import { type ListOptions, readListOptions, readResourceVersion } from "../list_options.ts";
import type { Negotiated } from "../negotiation.ts";
import type { ResourceRequest } from "../resource_request.ts";
import { asksForHistory, objectHistory } from "../past/object_history.ts";
import type { Past } from "../past/past.ts";
import { respondList, respondObject } from "../respond.ts";
import { matcherOf } from "../selectors.ts";

/** How long a read waits for a revision that has not been seen yet, as the reference does. */
const freshnessWaitMs = 3_000;

interface ReadDeps {
  readonly negotiated: Negotiated;
  readonly clock: Clock;
  readonly past: Past;
}

/** GET of one object. */
export async function getObject(
  request: ResourceRequest,
  store: ResourceStore,
  { negotiated, clock, past }: ReadDeps,
): Promise<Response> {
  const { info, query, resource: { kind } } = request;
  if (query.has("export")) {
    throw badRequest("the export parameter, deprecated since v1.14, is no longer supported");
  }
  if (asksForHistory(request)) return await objectHistory(request, store, { past, view: viewOf });
  const key = keyOf(store.kind, info.namespace, info.name);
  const asOf = await revisionAsOf(request, store, past);
  const asked = readResourceVersion(query.get("resourceVersion") ?? "");
  if (asked > 0) await waitForRevision(store.cache, asked);
  const entry = asOf === undefined ? store.cache.get(key) : await past.get(key, asOf);
  if (!entry) throw notFoundError(kind, info.name);
  const now = clock.now();
  return kind.storedAs
    ? respondObject(negotiated, kind, { object: viewOf(kind, entry.value), now })
    : respondObject(negotiated, kind, { value: entry.value, now });
}

/** GET of a collection: one snapshot at one revision, page by page if the client asks for that. */
export async function listObjects(
  request: ResourceRequest,
  store: ResourceStore,
  { negotiated, clock, past }: ReadDeps,
): Promise<Response> {
  const { kind } = request.resource;
  const options = readListOptions(request.query, false);
  const match = matcherOf(kind, options);
  const asOf = options.continue === "" ? await revisionAsOf(request, store, past) : undefined;
  const query = {
    ...await cacheQueryOf(request, store, options),
    ...(asOf !== undefined && { revision: asOf }),
  };
  const list = await store.cache.list({ ...query, ...(match && { match }) }).catch(
    (error: unknown) => {
      throw expired(error, options);
    },
  );
  const last = list.entries.at(-1);
  const metadata: ListMeta = { resourceVersion: String(list.revision) };
  if (list.more && last) {
    metadata.continue = encodeContinue({
      revision: list.revision,
      after: last.key.slice(prefixOf(store.kind).length),
    });
    if (list.remaining !== undefined) metadata.remainingItemCount = list.remaining;
  }
  const decode = (value: Uint8Array) => viewOf(kind, value);
  return respondList(negotiated, kind, {
    entries: list.entries,
    metadata,
    now: clock.now(),
    decode,
  });
}

/**
 * What the `asOf` parameter asks for, an extension of this server's: the state at a revision or time instead of the newest.
 * The rights that count are those of now.
 */
async function revisionAsOf(
  { query }: ResourceRequest,
  store: ResourceStore,
  past: Past,
): Promise<Revision | undefined> {
  const asOf = query.get("asOf");
  if (asOf === null) return undefined;
  if (query.has("resourceVersion")) {
    throw badRequest("specifying resource version is not allowed when using asOf");
  }
  const revision = past.revisionOf(asOf);
  await waitForRevision(store.cache, revision);
  return revision;
}

/** A stored object in the version of `kind`. */
export function viewOf(kind: KindDefinition, value: Uint8Array): KubeObject {
  const object = decodeStored(value);
  return kind.storedAs ? kind.storedAs.fromStored(object) : object;
}

async function cacheQueryOf(
  { info }: ResourceRequest,
  store: ResourceStore,
  options: ListOptions,
): Promise<CacheQuery> {
  const where = {
    ...(info.namespace !== "" && { namespace: info.namespace }),
    ...(options.limit > 0 && { limit: options.limit }),
  };
  const version = readResourceVersion(options.resourceVersion);
  if (options.continue !== "") {
    if (version > 0) {
      throw badRequest("specifying resource version is not allowed when using continue");
    }
    const token = decodeContinue(options.continue);
    return {
      ...where,
      after: prefixOf(store.kind) + token.after,
      ...(token.revision > 0 && { revision: token.revision as Revision }),
    };
  }
  if (options.resourceVersion === "0") {
    // "Whatever you have": the reference answers from its cache, whole.
    const { limit: _limit, ...whole } = where as CacheQuery;
    return whole;
  }
  if (version === 0) return where;
  await waitForRevision(store.cache, version);
  return options.resourceVersionMatch === "Exact"
    ? { ...where, revision: version as Revision }
    : where;
}

/** Throws the reference's Timeout if the cache does not reach `revision` in time. */
export async function waitForRevision(cache: ResourceCache, revision: number): Promise<void> {
  if (await cache.waitFor(revision as Revision, freshnessWaitMs)) return;
  throw new StatusError(
    "Timeout",
    `Timeout: Too large resource version: ${revision}, current: ${cache.revision}`,
    {
      details: {
        causes: [{
          reason: "ResourceVersionTooLarge",
          message: "Too large resource version",
        }],
        retryAfterSeconds: 1,
      },
    },
  );
}

function expired(error: unknown, options: ListOptions): unknown {
  if (!(error instanceof StorageError) || error.code !== "Compacted") return error;
  if (options.continue === "") {
    return new StatusError(
      "Expired",
      "The resourceVersion for the provided list is too old.",
      { cause: error },
    );
  }
  const { after } = decodeContinue(options.continue);
  return new StatusError(
    "Expired",
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    {
      cause: error,
      continue: encodeContinue({ revision: -1, after }),
    },
  );
}
