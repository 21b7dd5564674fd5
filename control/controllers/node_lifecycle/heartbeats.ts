import type { Lease } from "../../../shared/api/coordination/v1/types.gen.ts";
import type { Node } from "../../../shared/api/core/v1/types.gen.ts";
import type { Clock } from "../../../shared/clock/clock.ts";
import type { Informer } from "../../../shared/informer/informer.ts";
import { findCondition } from "../../../shared/meta/conditions.ts";

const LEASES = "kube-node-lease";

/**
 * When each node was last heard of, by this machine's monotonic clock: what a node writes as the time only matters in
 * that it changes, so nodes with wrong clocks are well.
 */
export class Heartbeats {
  readonly #clock: Clock;
  readonly #leases: Informer<Lease>;
  readonly #heard = new Map<string, { mark: string; at: number }>();

  constructor(clock: Clock, nodes: Informer<Node>, leases: Informer<Lease>) {
    this.#clock = clock;
    this.#leases = leases;
    nodes.onChange((node, previous) => {
      if (node) this.silenceOf(node);
      else this.#heard.delete(previous!.metadata.name!);
    });
    leases.onChange((lease) => {
      if (lease?.metadata.namespace !== LEASES) return;
      const node = nodes.get(lease.metadata.name!);
      if (node) this.silenceOf(node);
    });
  }

  /** Milliseconds since the node was last heard of; 0 when it is first seen. */
  silenceOf(node: Node): number {
    const name = node.metadata.name!;
    const lease = this.#leases.get(`${LEASES}/${name}`);
    const ready = findCondition(node.status?.conditions, "Ready");
    // Our own "Unknown" keeps the heartbeat's time, so it is no sign of life.
    const mark = `${node.metadata.uid} ${lease?.spec?.renewTime} ${ready?.lastHeartbeatTime}`;
    const now = this.#clock.monotonic();
    const known = this.#heard.get(name);
    if (known?.mark === mark) return now - known.at;
    this.#heard.set(name, { mark, at: now });
    return 0;
  }
}
