import {
  type PortAnswer,
  serveTransport,
  type UserRef,
} from "../../shared/client/message_port_transport.ts";
import { toRequest } from "../../shared/client/in_process_transport.ts";
import { concat } from "../../shared/http2/bytes.ts";
import type { Log } from "../../shared/log/log.ts";
import { directBodyOf } from "../endpoints/direct_body.ts";
import type { Env } from "../server/request_context.ts";
import type { ComponentsStart } from "./worker.ts";

export interface ComponentsThreadOptions extends Omit<ComponentsStart, "port"> {
  /** The API server's entry; the user of the environment is believed. */
  readonly fetch: (request: Request, env: Env["Bindings"]) => Response | Promise<Response>;
  readonly log: Log;
}

/** Starts scheduler and controllers in a thread of their own. The returned function ends it. */
export function startComponents(options: ComponentsThreadOptions): () => Promise<void> {
  const { fetch: answer, log, ...start } = options;
  const worker = new Worker(workerUrl(), {
    type: "module",
    name: "components",
    deno: { permissions: "none" },
  });
  const { port1, port2 } = new MessageChannel();
  const endTransport = serveTransport(
    port1,
    async (request) => portAnswer(await answer(toRequest(request), { user: userOf(request.user) })),
  );
  const stopped = new Promise<void>((resolve) => {
    worker.addEventListener("message", (event: MessageEvent) => {
      const message = event.data as { readonly stopped?: true; readonly failed?: string };
      if (message.failed) log.error("Scheduler and controllers failed", new Error(message.failed));
      resolve();
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      log.error("Scheduler and controllers failed", new Error(event.message));
      resolve();
    });
  });
  worker.postMessage({ start: { ...start, port: port2 } }, [port2]);
  return async () => {
    worker.postMessage({ stop: true });
    await stopped;
    endTransport();
    port1.close();
    worker.terminate();
  };
}

/** In the bundle the thread's code lies beside the server's, under another ending. */
function workerUrl(): URL {
  const ending = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./components_worker.js";
  return new URL(ending, import.meta.url);
}

async function portAnswer(response: Response): Promise<PortAnswer> {
  const { status } = response;
  const body = directBodyOf(response);
  if (typeof body === "function") return { status, source: body };
  return { status, body: body ? concat(body) : new Uint8Array(await response.arrayBuffer()) };
}

function userOf({ name, groups, uid }: UserRef) {
  return { name, groups, ...(uid !== undefined && { uid }) };
}
