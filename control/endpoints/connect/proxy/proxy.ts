import { StatusError } from "../../../../shared/meta/status_error.ts";
import { hostPort } from "../../../../shared/stream/dial_message.ts";
import { overTls } from "../../../network/tls_agent.ts";
import { badRequest } from "../../../registry/errors.ts";
import type { ResourceRequest } from "../../resource_request.ts";
import type { ConnectDependencies } from "../dependencies.ts";
import { askNode, bodyOf } from "../node_exchange.ts";
import { forward, unreachable } from "./forward.ts";
import { answerHeaders, forwardedHeaders } from "./headers.ts";
import {
  nodeProxyTarget,
  podProxyTarget,
  type ProxyTarget,
  serviceProxyTarget,
} from "./proxy_target.ts";

/** `pods/proxy`. Throws StatusError. */
export async function podProxy(
  request: ResourceRequest,
  deps: ConnectDependencies,
): Promise<Response> {
  return await toTarget(request, podProxyTarget(deps.reader, request.info), deps);
}

/** `services/proxy`: requests take turns among the ready endpoints. Throws StatusError. */
export function serviceProxy(): typeof podProxy {
  let turn = 0;
  return async (request, deps) => {
    const target = serviceProxyTarget(deps.reader, request.info, turn++);
    return await toTarget(request, target, deps);
  };
}

/** `nodes/proxy`: the node's own server, or a port of the node. Throws StatusError. */
export async function nodeProxy(
  request: ResourceRequest,
  deps: ConnectDependencies,
): Promise<Response> {
  const { agents, reader } = deps;
  const found = nodeProxyTarget(reader, request.info, (node) => agents.nodes.includes(node));
  if (found.to === "port") return await toTarget(request, found.target, deps);
  return redirectToRoot(request) ?? await toNode(request, found.node, deps);
}

async function toTarget(
  request: ResourceRequest,
  target: ProxyTarget,
  deps: ConnectDependencies,
): Promise<Response> {
  const redirect = redirectToRoot(request);
  if (redirect) return redirect;
  const { prefix, path } = pathsOf(request);
  const { scheme, host, port } = target;
  const { network, clock } = deps;
  try {
    const connection = await network.dial(target, request.signal);
    // As for the reference's proxy: who is asked is known by its address alone, so no certificate can prove it.
    const through = scheme === "https"
      ? await overTls(connection, { serverName: host, insecure: true }, clock)
      : connection;
    return await forward(request, { target: hostPort(host, port), through, prefix, path });
  } catch (error) {
    throw error instanceof StatusError ? error : unreachable((error as Error).message, error);
  }
}

/** Relative links of a page at the root only work below a path that ends with a slash. */
function redirectToRoot(request: ResourceRequest): Response | undefined {
  const { raw, upgrade } = request;
  const { rest } = pathsOf(request);
  if (upgrade || rest !== "" || (raw.method !== "GET" && raw.method !== "HEAD")) return undefined;
  const { pathname, search } = new URL(raw.url);
  return new Response(null, { status: 301, headers: { location: `${pathname}/${search}` } });
}

/** The path as the client wrote it, split after `…/proxy`: what follows is the target's, escapes and all. */
function pathsOf({ raw, info }: ResourceRequest) {
  const { pathname, search } = new URL(raw.url);
  const before = info.resource === "nodes" ? 6 : 8;
  const parts = pathname.split("/");
  const prefix = parts.slice(0, before).join("/");
  const rest = pathname.slice(prefix.length);
  return { prefix, rest, path: `${rest || "/"}${search}` };
}

/** Paths of the node's server that only make sense to the API server itself. */
const internalPaths = /^\/(exec|attach|portForward|dial)(\/|$)/;

async function toNode(
  request: ResourceRequest,
  node: string,
  { agents }: ConnectDependencies,
): Promise<Response> {
  const { raw, signal } = request;
  const { rest, path } = pathsOf(request);
  if (internalPaths.test(rest)) throw badRequest("Upgrade request required");
  const headers = forwardedHeaders(raw.headers);
  const { method, body } = raw;
  const answer = await askNode(agents, { node, method, path, headers, body, signal });
  const { status, headers: answered, stream } = answer;
  if (status < 200 || status > 599) throw new StatusError("InternalError", `bad status ${status}`);
  const isHead = method === "HEAD";
  if (isHead) stream.destroy();
  return new Response(isHead ? null : bodyOf(stream), { status, headers: answerHeaders(answered) });
}
