import type http2 from "node:http2";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import type { FileSystem } from "../host/file_system.ts";
import type { LogFiles } from "../host/log_files.ts";
import type { RuntimeService } from "../runtime/runtime_service.ts";
import { serveDial, servePortForward } from "./connections.ts";
import { type Exchange, type PodAccess, respondJson, respondText } from "./exchange.ts";
import { serveLog } from "./log_endpoint.ts";
import { NodeError } from "./node_error.ts";
import { serveSession } from "./remote_command.ts";
import { RunEnds } from "./run_ends.ts";
import { resourceMetrics, statsSummary } from "./stats.ts";

export interface NodeServerOptions {
  readonly nodeName: string;
  /** `Kubelet.pods`. */
  readonly pods: PodAccess;
  readonly runtime: RuntimeService;
  readonly files: FileSystem;
  readonly logFiles: LogFiles;
  readonly clock: Clock;
  readonly log: Log;
  /** What the kubelet runs with, for `/configz`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The agent's own metrics as Prometheus text, for `/metrics`. */
  readonly metrics?: () => Promise<string>;
}

/** Answers one request of the API server. */
export type NodeHandler = (
  request: http2.Http2ServerRequest,
  response: http2.Http2ServerResponse,
) => void;

interface Route {
  readonly method: "GET" | "POST";
  readonly path: RegExp;
  serve(exchange: Exchange, parts: readonly string[]): Promise<void>;
}

/**
 * What a node answers through its tunnel (see `runTunnel`): the kubelet's API, and `/dial` for connections into the
 * pod network. Only the API server can ask, and it has checked who is asking.
 */
export function nodeServer(options: NodeServerOptions): NodeHandler {
  const routes = routesOf(options);
  return (request, response) => {
    const stream = response.stream as http2.ServerHttp2Stream;
    stream.on("error", () => stream.destroy());
    // A stream that the server drops while we write to it is not closed by itself.
    stream.once("aborted", () => stream.destroy());
    const gone = new AbortController();
    stream.once("close", () => gone.abort());
    const url = new URL(request.url, "http://node");
    const exchange: Exchange = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      stream,
      signal: gone.signal,
    };
    route(routes, exchange).catch((error) => refuse(exchange, error, options.log));
  };
}

function routesOf(options: NodeServerOptions): readonly Route[] {
  const { pods, runtime, clock, logFiles } = options;
  const ends = new RunEnds(runtime, clock);
  const target = ([namespace = "", pod = "", container = ""]: readonly string[]) => ({
    namespace,
    pod,
    container,
  });
  const text = (content: string) => (exchange: Exchange) =>
    Promise.resolve(respondText(exchange, 200, content));
  return [
    {
      method: "GET",
      path: /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/,
      serve: (exchange, parts) =>
        serveLog(exchange, target(parts), { pods, files: logFiles, clock, ends }),
    },
    {
      method: "POST",
      path: /^\/exec\/([^/]+)\/([^/]+)\/([^/]+)$/,
      serve: (exchange, parts) => {
        const command = exchange.query.getAll("command");
        const session = {
          doing: "executing command in",
          open: execIn(runtime, command),
        };
        return serveSession(exchange, target(parts), { pods, session });
      },
    },
    {
      method: "POST",
      path: /^\/attach\/([^/]+)\/([^/]+)\/([^/]+)$/,
      serve: (exchange, parts) =>
        serveSession(exchange, target(parts), {
          pods,
          session: {
            doing: "attaching to",
            open: ({ id }, streams) => runtime.attachStream(id, streams),
          },
        }),
    },
    {
      method: "POST",
      path: /^\/portForward\/([^/]+)\/([^/]+)$/,
      serve: (exchange, parts) => servePortForward(exchange, target(parts), { pods, runtime }),
    },
    { method: "POST", path: /^\/dial$/, serve: (exchange) => serveDial(exchange, clock) },
    { method: "GET", path: /^\/healthz(\/ping)?$/, serve: text("ok") },
    ...reports(options),
  ];
}

function execIn(runtime: RuntimeService, command: readonly string[]) {
  return ({ id }: { readonly id: string }, streams: Parameters<RuntimeService["execStream"]>[2]) =>
    runtime.execStream(id, command, streams);
}

function reports(options: NodeServerOptions): Route[] {
  const { pods, config = {}, metrics = () => Promise.resolve("") } = options;
  const prometheus = "text/plain; version=0.0.4; charset=utf-8";
  return [
    {
      method: "GET",
      path: /^\/pods\/?$/,
      serve: async (exchange) =>
        respondJson(exchange, {
          kind: "PodList",
          apiVersion: "v1",
          metadata: {},
          items: pods.list(),
        }),
    },
    {
      method: "GET",
      path: /^\/stats\/summary$/,
      serve: async (exchange) => respondJson(exchange, await statsSummary(options)),
    },
    {
      method: "GET",
      path: /^\/metrics\/resource$/,
      serve: async (exchange) =>
        respondText(exchange, 200, await resourceMetrics(options), prometheus),
    },
    {
      method: "GET",
      path: /^\/metrics$/,
      serve: async (exchange) => respondText(exchange, 200, await metrics(), prometheus),
    },
    {
      method: "GET",
      path: /^\/configz$/,
      serve: async (exchange) => respondJson(exchange, { kubeletconfig: config }),
    },
  ];
}

async function route(routes: readonly Route[], exchange: Exchange): Promise<void> {
  let known = false;
  for (const { method, path, serve } of routes) {
    const match = path.exec(exchange.path);
    if (!match) continue;
    known = true;
    if (method === exchange.method || (method === "GET" && exchange.method === "HEAD")) {
      return await serve(exchange, match.slice(1).map(decodeURIComponent));
    }
  }
  throw known
    ? new NodeError(405, "405: Method Not Allowed")
    : new NodeError(404, "404 page not found\n");
}

function refuse(exchange: Exchange, error: unknown, log: Log): void {
  const { stream, path } = exchange;
  if (stream.destroyed) return;
  if (!(error instanceof NodeError)) log.error("Node request failed", error, { path });
  // Too late for a status: the other side must see that the answer is not whole.
  if (stream.headersSent) return stream.close(http2InternalError);
  const status = error instanceof NodeError ? error.status : 500;
  respondText(exchange, status, error instanceof Error ? error.message : String(error));
}

/** INTERNAL_ERROR (RFC 9113, section 7). */
const http2InternalError = 2;
