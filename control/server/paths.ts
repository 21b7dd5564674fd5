import type { AgentConnections } from "../agents/agent_connections.ts";
import { acceptAgent, agentPath } from "../agents/agent_endpoint.ts";
import { backupPath } from "../backup/backup_endpoint.ts";
import type { ServiceAccountIssuer } from "../authentication/service_account_issuer.ts";
import type { ServiceAccountKeys } from "../certificates/service_account_keys.ts";
import type { Discovery } from "../endpoints/discovery/discovery.ts";
import { negotiate, notAcceptable } from "../endpoints/negotiation.ts";
import type { OpenApi } from "../endpoints/openapi/openapi.ts";
import { methodNotAllowed, unknownPath } from "../registry/errors.ts";
import { type HealthCheck, healthResponse } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import type { RequestContext } from "./request_context.ts";
import { apiVersionInfo } from "./version.ts";

export interface PathsOptions {
  readonly discovery: Discovery;
  readonly openApi: OpenApi;
  readonly tokens: ServiceAccountIssuer;
  readonly keys: ServiceAccountKeys;
  readonly metrics: Metrics;
  readonly advertise: { readonly address: string; readonly port: number };
  readonly checks: readonly HealthCheck[];
  readonly agents: AgentConnections;
  /** Answers with a backup file; absent if the server has nothing to back up. */
  readonly backup?: ((c: RequestContext) => Promise<Response>) | undefined;
}

/** Answers what is not a resource: discovery, OpenAPI, version, health, metrics, token issuer documents. */
export function pathHandler(
  options: PathsOptions,
): (c: RequestContext) => Promise<Response | undefined> {
  return async (c) => {
    const url = new URL(c.req.url);
    const path = url.pathname;
    const health = healthResponse(path, url.searchParams, options.checks);
    if (health) return health;
    const accept = c.req.header("accept");
    const query = url.searchParams;
    const etag = c.req.header("if-none-match");
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    if (path === "/" && isRead) return index(options.discovery);
    if (/^\/version\/?$/.test(path)) return version(isRead, accept, query);
    if (/^\/(api|apis)(\/|$)/.test(path)) {
      return discover(c, options, { accept, query, etag, isRead });
    }
    if (!isRead) return undefined;
    if (path === agentPath) return acceptAgent(c, options.agents);
    if (path === backupPath && options.backup) return await options.backup(c);
    if (path === "/metrics") return metricsPage(options.metrics);
    const host = hostOf(options);
    if (path === "/.well-known/openid-configuration") {
      return json(options.tokens.discoveryDocument(host));
    }
    if (path === "/openid/v1/jwks") {
      return json(options.keys.publicKeySet, "application/jwk-set+json");
    }
    return await options.openApi.respond(path, { accept, query, etag });
  };
}

interface Asked {
  readonly accept: string | undefined;
  readonly query: URLSearchParams;
  readonly etag: string | undefined;
  readonly isRead: boolean;
}

function discover(
  c: RequestContext,
  { discovery, ...options }: PathsOptions,
  asked: Asked,
): Response | undefined {
  const { path } = c.req;
  const parts = path.split("/").filter((part) => part !== "");
  const clean = `/${parts.join("/")}`;
  if (path.startsWith("//") || path.replace(/\/$/, "") !== clean) {
    if (path.startsWith("//")) return undefined;
    throw unknownPath();
  }
  // The reference answers any method on /apis and its groups, and reads only elsewhere.
  const openMethods = parts[0] === "apis" && parts.length <= 2;
  const answer = discovery.respond(clean, { ...asked, host: hostOf(options) });
  if (answer && !asked.isRead && !openMethods) throw methodNotAllowed();
  if (answer) return answer;
  if (parts[0] === "apis" && parts[1] !== undefined && !discovery.hasGroup(parts[1])) {
    return undefined;
  }
  throw unknownPath();
}

function version(
  isRead: boolean,
  accept: string | undefined,
  query: URLSearchParams,
): Response {
  if (!isRead) throw methodNotAllowed();
  try {
    negotiate(accept, query, { only: ["json"] });
  } catch {
    throw notAcceptable(["json"]);
  }
  return json(apiVersionInfo);
}

function metricsPage(metrics: Metrics): Response {
  return new Response(metrics.text(), {
    headers: { "content-type": metrics.contentType, "cache-control": "no-cache, private" },
  });
}

function index(discovery: Discovery): Response {
  const others = [
    "/.well-known/openid-configuration",
    "/healthz",
    "/livez",
    "/metrics",
    "/openapi/v2",
    "/openapi/v3",
    "/openid/v1/jwks",
    "/readyz",
    "/version",
  ];
  return json({ paths: [...discovery.paths(), ...others].sort() });
}

function hostOf({ advertise }: Pick<PathsOptions, "advertise">): string {
  return `${advertise.address}:${advertise.port}`;
}

function json(value: unknown, contentType = "application/json"): Response {
  return new Response(JSON.stringify(value), {
    headers: { "content-type": contentType, "cache-control": "no-cache, private" },
  });
}
