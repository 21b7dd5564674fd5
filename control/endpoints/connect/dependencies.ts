import type { Clock } from "../../../shared/clock/clock.ts";
import type { Log } from "../../../shared/log/log.ts";
import type { AgentConnections } from "../../agents/agent_connections.ts";
import type { StoreReader } from "../../registry/reader.ts";

/** What the endpoints that lead to nodes need. */
export interface ConnectDependencies {
  readonly agents: AgentConnections;
  readonly reader: StoreReader;
  readonly clock: Clock;
  readonly log: Log;
}
