import type { RequestInfo } from "../server/request_context.ts";

/** Subresources of a namespace itself; anything else after its name is a resource within it. */
const namespaceSubresources = new Set(["status", "finalize"]);
const verbOfMethod: Readonly<Record<string, string>> = {
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
  GET: "get",
  HEAD: "get",
};

/**
 * Reads what `method` and `url` (path and query) ask for. Never fails: what is no API path is a non-resource request.
 * Source: the API's URL scheme, https://kubernetes.io/docs/reference/using-api/api-concepts/.
 */
export function readRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const parts = decode(path).split("/").filter((part) => part !== "");
  const root = parts[0];
  const core = root === "api" && parts.length >= 3;
  const grouped = root === "apis" && parts.length >= 4;
  if (!core && !grouped) return nonResource(method, path);
  const group = core ? "" : parts[1]!;
  const version = core ? parts[1]! : parts[2]!;
  const rest = parts.slice(core ? 2 : 3);
  const watched = method === "GET" ? watchedCollection(rest) : undefined;
  const where = watched ?? locate(rest);
  const fieldSelector = query.get("fieldSelector") ?? undefined;
  const name = where.name || nameFromSelector(fieldSelector);
  return {
    isResource: true,
    verb: watched ? "watch" : verbOf(method, where, query),
    path,
    group,
    version,
    ...where,
    // A collection narrowed to one name is authorised as that name.
    name: where.name === "" && !isCollectionRead(method) ? "" : name,
    fieldSelector,
    labelSelector: query.get("labelSelector") ?? undefined,
  };
}

interface Location {
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
  readonly rest: string;
}

function locate(parts: readonly string[]): Location {
  if (parts[0] === "namespaces" && parts.length > 1) {
    const namespace = parts[1]!;
    if (parts.length > 2 && !namespaceSubresources.has(parts[2]!)) {
      return { namespace, ...resourceOf(parts.slice(2)) };
    }
    return { namespace, ...resourceOf(parts) };
  }
  return { namespace: "", ...resourceOf(parts) };
}

/** The old form of watches, with the verb before the resource. Single objects are not watched by their path. */
function watchedCollection([verb, ...parts]: readonly string[]): Location | undefined {
  if (verb !== "watch" || parts.length === 0) return undefined;
  const where = locate(parts);
  return where.name === "" ? where : undefined;
}

function resourceOf(parts: readonly string[]): Omit<Location, "namespace"> {
  const [resource = "", name = "", subresource = "", ...rest] = parts;
  return { resource, name, subresource, rest: rest.join("/") };
}

function verbOf(method: string, where: Location, query: URLSearchParams): string {
  const verb = verbOfMethod[method] ?? method.toLowerCase();
  if (where.name !== "") return verb;
  if (verb === "delete") return "deletecollection";
  if (verb !== "get") return verb;
  return isTrue(query.get("watch")) ? "watch" : "list";
}

/** How the reference reads a boolean parameter: present and not `false` or `0`. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== "false" && value !== "0";
}

function isCollectionRead(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "DELETE";
}

function nameFromSelector(selector: string | undefined): string {
  return selector?.match(/(?:^|,)metadata\.name=([^,=!\\]+)(?:,|$)/)?.[1] ?? "";
}

function nonResource(method: string, path: string): RequestInfo {
  return {
    isResource: false,
    verb: method.toLowerCase(),
    path,
    group: "",
    version: "",
    resource: "",
    subresource: "",
    rest: "",
    namespace: "",
    name: "",
  };
}

/** An encoded slash separates, as in the reference. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
