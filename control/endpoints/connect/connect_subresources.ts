import type { Verb } from "../../../shared/api/kind.ts";
import type { Clock } from "../../../shared/clock/clock.ts";
import type { Log } from "../../../shared/log/log.ts";
import type { AgentConnections } from "../../agents/agent_connections.ts";
import type { StoreReader } from "../../registry/reader.ts";
import type { ResourceRequest, Subresource } from "../resource_request.ts";
import { podLog } from "./pod_log.ts";
import { remoteCommand } from "./remote_command.ts";

export interface ConnectDependencies {
  readonly agents: AgentConnections;
  readonly reader: StoreReader;
  readonly clock: Clock;
  readonly log: Log;
}

type Handler = (request: ResourceRequest, deps: ConnectDependencies) => Promise<Response>;

/** The endpoints that lead to nodes, by `group/plural`: what `ApiServerOptions.connections` takes. */
export function connectSubresources(
  deps: ConnectDependencies,
): Readonly<Record<string, readonly Subresource[]>> {
  const streaming: readonly Verb[] = ["create", "get"];
  const subresource = (
    [name, kind]: readonly [string, string],
    verbs: readonly Verb[],
    handler: Handler,
  ): Subresource => ({
    name,
    responseKind: { group: "", version: "v1", kind },
    verbs,
    handle: (_verb, request) => handler(request, deps),
  });
  return {
    "/pods": [
      subresource(["log", "Pod"], ["get"], podLog),
      subresource(
        ["exec", "PodExecOptions"],
        streaming,
        (request) => remoteCommand(request, "exec", deps),
      ),
      subresource(
        ["attach", "PodAttachOptions"],
        streaming,
        (request) => remoteCommand(request, "attach", deps),
      ),
    ],
  };
}
