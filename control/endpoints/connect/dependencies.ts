import type { Clock } from "../../../shared/clock/clock.ts";
import type { Log } from "../../../shared/log/log.ts";
import type { AgentConnections } from "../../agents/agent_connections.ts";
import type { Network } from "../../network/network.ts";
import type { StoreReader } from "../../registry/reader.ts";
import type { AdmissionChain } from "../../registry/store_types.ts";

/** What the endpoints that lead to nodes need. */
export interface ConnectDependencies {
  readonly agents: AgentConnections;
  /** Reaches what is proxied. */
  readonly network: Network;
  /** Judges connections before they are made. */
  readonly admission: AdmissionChain;
  readonly reader: StoreReader;
  readonly clock: Clock;
  readonly log: Log;
}
