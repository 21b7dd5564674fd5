import type { ForwardingState } from "./forwarding_state.ts";

/**
 * Puts a forwarding state into the kernel. Called by one proxy, one call at a time, always with the whole desired
 * state; what changed since the last call is the backend's to find out.
 */
export interface ProxyBackend {
  readonly name: "iptables" | "nftables" | "ipvs";
  /**
   * Makes the kernel forward as `state` says. All or nothing for each address family. After a failure it must be
   * called again, and then trusts nothing of what it believed to be there.
   */
  apply(state: ForwardingState, signal: AbortSignal): Promise<void>;
  /** Whether what was applied is still there. If not, the next `apply` writes everything anew. */
  intact(signal: AbortSignal): Promise<boolean>;
  /** Removes all that any earlier run made. Needs no `apply` before; may be repeated. */
  cleanup(): Promise<void>;
}
