import type { Verb } from "../../shared/api/kind.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import {
  badRequest,
  methodNotAllowed,
  methodNotSupported,
  notFoundError,
  unknownPath,
} from "../registry/errors.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import type { TimedStorage } from "../storage/storage.ts";
import type { RequestContext, RequestInfo } from "../server/request_context.ts";
import { StreamRequest } from "../server/stream_request.ts";
import { deleteCollection, deleteObject } from "./handlers/delete.ts";
import { patchObject } from "./handlers/patch.ts";
import { getObject, listObjects } from "./handlers/read.ts";
import { watchObjects } from "./handlers/watch.ts";
import { createObject, updateObject } from "./handlers/write.ts";
import { negotiate, type Negotiated } from "./negotiation.ts";
import { Past } from "./past/past.ts";
import { notFoundPage } from "./not_found_page.ts";
import {
  type ApiRegistry,
  readBody,
  type ResourceRequest,
  type Served,
} from "./resource_request.ts";
import { isBuiltIn } from "./respond.ts";

export interface ApiHandlerOptions {
  readonly registry: ApiRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly storage: TimedStorage;
  /** Aborted when the server stops: open watches end. */
  readonly stopping: AbortSignal;
}

interface HandlerDeps extends ApiHandlerOptions {
  readonly past: Past;
}
interface VerbDeps extends HandlerDeps {
  readonly negotiated: Negotiated;
}
type VerbHandler = (
  request: ResourceRequest,
  store: ResourceStore,
  deps: VerbDeps,
) => Promise<Response>;

/** What each verb does for every stored kind alike: the only such table. */
const verbHandlers: Readonly<Record<Verb, VerbHandler>> = {
  get: getObject,
  list: listObjects,
  watch: watchObjects,
  create: createObject,
  update: updateObject,
  patch: patchObject,
  delete: deleteObject,
  deletecollection: deleteCollection,
};
const allVerbs = Object.keys(verbHandlers) as Verb[];

/** Answers requests for resources: finds who serves the path and hands over. Runs after authorization. */
export function apiHandler(
  options: ApiHandlerOptions,
): (c: RequestContext) => Promise<Response> {
  const deps = { ...options, past: new Past(options.storage) };
  return async (c) => {
    const info = c.get("info");
    const resource = find(options.registry, info);
    if (!resource) return notFoundPage();
    const request = resourceRequest(c, resource, options);
    return await dispatch(request, deps);
  };
}

/** What serves a path; undefined: nothing, and no built-in group does. Throws NotFound for what a built-in one lacks. */
function find(registry: ApiRegistry, info: RequestInfo): Served | undefined {
  const resource = registry.lookup(info.group, info.version, info.resource);
  const nowhere = () => {
    if (resource ? isBuiltIn(resource.kind) : hasBuiltIn(registry, info.group)) throw unknownPath();
    return undefined;
  };
  if (!resource) return nowhere();
  const { kind } = resource;
  if (kind.scope === "Cluster" && info.namespace !== "" && info.resource !== "namespaces") {
    return nowhere();
  }
  if (kind.scope === "Cluster" || info.namespace !== "") return resource;
  const verb = isBuiltIn(kind) ? isCollectionVerb(info.verb) : isReadVerb(info.verb);
  if (!verb && (info.name !== "" || !isBuiltIn(kind))) return nowhere();
  if (info.subresource !== "") return nowhere();
  return resource;
}

function hasBuiltIn(registry: ApiRegistry, group: string): boolean {
  for (const { kind } of registry.all()) if (kind.group === group && isBuiltIn(kind)) return true;
  return false;
}

/** Of custom resources, only these go across namespaces. */
function isReadVerb(verb: string): boolean {
  return verb === "list" || verb === "watch";
}

function isCollectionVerb(verb: string): boolean {
  return verb === "list" || verb === "watch" || verb === "deletecollection" || verb === "create";
}

async function dispatch(request: ResourceRequest, options: HandlerDeps): Promise<Response> {
  const { info, resource } = request;
  if (info.subresource !== "") return await dispatchSubresource(request, options);
  const verb = info.verb as Verb;
  const { kind, store, virtual } = resource;
  const verbs = kind.verbs ?? allVerbs;
  const acrossNamespaces = kind.scope === "Namespaced" && info.namespace === "" &&
    (verb === "create" || verb === "deletecollection");
  const isOwn = isBuiltIn(kind);
  if (request.method === "HEAD" && isOwn) throw methodNotAllowed();
  if (!verbs.includes(verb)) throw refusedMethod(request, verbs);
  if (kind.deprecation) request.warn(kind.deprecation);
  if (acrossNamespaces && !virtual) throw methodNotAllowed();
  if (virtual && info.name !== "" && !verbs.includes("get")) throw unknownPath();
  if (virtual) return await virtual(request);
  if (verb === "create" && isNamed(request) && isOwn) throw methodNotAllowed();
  if ((verb === "update" || verb === "patch") && info.name === "") {
    throw isOwn ? methodNotAllowed() : badRequest("name must be provided");
  }
  const negotiated = negotiate(request.header("accept"), request.query, {
    watch: verb === "watch",
  });
  return await verbHandlers[verb](request, store!, { ...options, negotiated });
}

/** A path below a collection that has no such objects names nothing; elsewhere the method is at fault. */
function refusedMethod({ info, resource }: ResourceRequest, verbs: readonly Verb[]): Error {
  if (!isBuiltIn(resource.kind)) return methodNotSupported(resource.kind, info.verb);
  const neverNamed = !verbs.includes("get") && info.name !== "";
  return neverNamed ? unknownPath() : methodNotAllowed();
}

function isNamed({ info }: ResourceRequest): boolean {
  return info.name !== "";
}

async function dispatchSubresource(
  request: ResourceRequest,
  options: HandlerDeps,
): Promise<Response> {
  const { info, resource } = request;
  const subresource = resource.subresources.get(info.subresource);
  if (!subresource || (info.rest !== "" && info.subresource !== "proxy")) {
    throw isBuiltIn(resource.kind) ? unknownPath() : notFoundError(resource.kind, info.name);
  }
  const verb = info.verb as Verb;
  const isServed = subresource.verbs.includes(verb) ||
    subresource.methods?.includes(request.method);
  if (!isServed) throw refusedMethod(request, ["get"]);
  if (resource.kind.deprecation) request.warn(resource.kind.deprecation);
  if (subresource.handle) return await subresource.handle(verb, request);
  const negotiated = negotiate(request.header("accept"), request.query);
  return await verbHandlers[verb](request, resource.store!, { ...options, negotiated });
}

function resourceRequest(
  c: RequestContext,
  resource: Served,
  { clock, stopping }: ApiHandlerOptions,
): ResourceRequest {
  let body: Promise<Uint8Array> | undefined;
  // Made when it is asked for: most requests end before anybody would.
  let signal: AbortSignal | undefined;
  return {
    method: c.req.method,
    raw: c.req.raw,
    info: c.get("info"),
    user: c.get("user"),
    query: c.get("query"),
    resource,
    time: clock.now(),
    header: (name) => c.req.header(name),
    body: () => body ??= readBody(piecesOf(c.req.raw)),
    warn: (message) => void c.get("warnings").push(message),
    get signal() {
      return signal ??= AbortSignal.any([c.req.raw.signal, stopping]);
    },
    upgrade: c.env?.upgrade,
    audit: c.get("audit"),
  };
}

function piecesOf(request: Request | StreamRequest): AsyncIterable<Uint8Array> | null {
  return request instanceof StreamRequest ? request.pieces() : request.body;
}
