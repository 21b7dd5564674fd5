import type { Duplex } from "node:stream";
import type { Clock } from "../../shared/clock/clock.ts";
import { hostPort } from "../../shared/stream/dial_message.ts";
import { dialTcp } from "../../shared/stream/dial_tcp.ts";
import type { AgentConnections } from "../agents/agent_connections.ts";
import { askNode, refusalText } from "../endpoints/connect/node_exchange.ts";
import type { Destination, Network } from "./network.ts";

export interface ClusterNetworkOptions {
  readonly agents: AgentConnections;
  readonly clock: Clock;
  /** Whether this process has the right to connect there by itself. */
  readonly mayDial: (to: Destination) => boolean;
}

/**
 * The network as the server reaches it (designs/008): a pod through the agent of its node, what this process has a right
 * to (its own machine, what the configuration names) directly, and anything else through whichever agent is there.
 */
export function clusterNetwork({ agents, clock, mayDial }: ClusterNetworkOptions): Network {
  let turn = 0;
  return {
    async dial(to, signal) {
      const connected = agents.nodes;
      if (to.node !== undefined && connected.includes(to.node)) {
        return await throughAgent(agents, { ...to, node: to.node }, signal);
      }
      if (mayDial(to)) return await dialTcp(to, { clock, signal });
      const node = connected[turn++ % connected.length];
      if (node === undefined) {
        throw new Error(`dial tcp ${hostPort(to.host, to.port)}: no agent is connected`);
      }
      return await throughAgent(agents, { ...to, node }, signal);
    },
  };
}

async function throughAgent(
  agents: AgentConnections,
  { host, port, node }: Destination & { readonly node: string },
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  // The caller's signal ends the dialling; the connection outlives it.
  const dialling = new AbortController();
  const stop = () => dialling.abort(signal!.reason);
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  try {
    const path = `/dial?${new URLSearchParams({ host, port: String(port) })}`;
    const answer = await askNode(agents, {
      node,
      method: "POST",
      path,
      signal: dialling.signal,
    });
    if (answer.status !== 200) throw new Error(await refusalText(answer));
    return answer.stream;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
