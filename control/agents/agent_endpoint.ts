import { forbiddenError } from "../authorization/forbidden.ts";
import type { RequestContext } from "../server/request_context.ts";
import { badRequest } from "../registry/errors.ts";
import type { AgentConnections } from "./agent_connections.ts";

/** Where agents dial. */
export const agentPath = "/coracle/v1/agent";
const nodeUser = "system:node:";

/** Turns an agent's connection round: from then on the server asks and the node answers. */
export function acceptAgent(c: RequestContext, connections: AgentConnections): Response {
  const { user, info } = c.var;
  const isNode = user.name.startsWith(nodeUser) && user.groups.includes("system:nodes");
  if (!isNode) {
    const reason = "only a node may connect as an agent";
    throw forbiddenError(user, info, { decision: "Deny", reason });
  }
  const upgrade = c.env?.upgrade;
  if (upgrade?.protocol !== "coracle-agent") {
    throw badRequest("this path takes agents that ask to upgrade to coracle-agent");
  }
  const { socket, head } = upgrade.take();
  if (head.length > 0) socket.unshift(head);
  connections.accept(user.name.slice(nodeUser.length), socket);
  return new Response(null);
}
