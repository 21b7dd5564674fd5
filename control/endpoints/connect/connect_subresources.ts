import type { Verb } from "../../../shared/api/kind.ts";
import type { ResourceRequest, Subresource } from "../resource_request.ts";
import { admitConnect } from "./admit_connect.ts";
import type { ConnectDependencies } from "./dependencies.ts";
import { podLog } from "./pod_log.ts";
import { portForward } from "./port_forward.ts";
import { nodeProxy, podProxy, serviceProxy } from "./proxy/proxy.ts";
import { remoteCommand } from "./remote_command.ts";

type Handler = (request: ResourceRequest, deps: ConnectDependencies) => Promise<Response>;

const streamingVerbs: readonly Verb[] = ["create", "get"];
const proxyVerbs: readonly Verb[] = ["create", "delete", "get", "patch", "update"];

/** The endpoints that lead to nodes, by `group/plural`: what `ApiServerOptions.connections` takes. */
export function connectSubresources(
  deps: ConnectDependencies,
): Readonly<Record<string, readonly Subresource[]>> {
  const admitted =
    (kind: string, handler: Handler) => async (_verb: Verb, request: ResourceRequest) => {
      await admitConnect(request, kind, deps.admission);
      return await handler(request, deps);
    };
  const streaming = (name: string, kind: string, handler: Handler): Subresource => ({
    name,
    responseKind: { group: "", version: "v1", kind },
    verbs: streamingVerbs,
    handle: admitted(kind, handler),
  });
  const proxy = (kind: string, handler: Handler): Subresource => ({
    name: "proxy",
    responseKind: { group: "", version: "v1", kind },
    verbs: proxyVerbs,
    methods: ["OPTIONS"],
    handle: admitted(kind, handler),
  });
  const exec: Handler = (request) => remoteCommand(request, "exec", deps);
  const attach: Handler = (request) => remoteCommand(request, "attach", deps);
  return {
    "/pods": [
      {
        name: "log",
        responseKind: { group: "", version: "v1", kind: "Pod" },
        verbs: ["get"],
        handle: (_verb, request) => podLog(request, deps),
      },
      streaming("exec", "PodExecOptions", exec),
      streaming("attach", "PodAttachOptions", attach),
      streaming("portforward", "PodPortForwardOptions", portForward),
      proxy("PodProxyOptions", podProxy),
    ],
    "/services": [proxy("ServiceProxyOptions", serviceProxy())],
    "/nodes": [proxy("NodeProxyOptions", nodeProxy)],
  };
}
