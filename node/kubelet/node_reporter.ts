import type { Node, NodeStatus } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import type { EventRecorder } from "../../shared/client/events.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { type Clock, sleep, timestamp } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import type { FileSystem } from "../host/file_system.ts";
import type { PodNetwork } from "../network/pod_network.ts";
import type { ImageService } from "../runtime/runtime_service.ts";
import { type NodeFacts, nodePressure } from "./node_facts.ts";
import { newNode, type NodeIdentity, nodeLabels, nodeStatus } from "./node_object.ts";

export interface NodeReporterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly files: FileSystem;
  readonly images: ImageService;
  readonly network: PodNetwork;
  readonly identity: NodeIdentity;
  readonly facts: NodeFacts;
  readonly dataDir: string;
}

/** How often the node looks at itself. */
const LOOK_MS = 10_000;
/** Pause before another try to register. */
const RETRY_MS = 1000;
/** How often an unchanged status is written: leases tell that the node lives. */
const REPORT_MS = 300_000;

/**
 * Registers the node and keeps its status in the API. Writes only what changed, and everything every five minutes.
 * Runs until the signal is aborted; the server may come and go.
 */
export class NodeReporter {
  readonly #options: NodeReporterOptions;
  #node: Node | undefined;
  #reported = "";
  #reportedAt = -Infinity;
  #ready: boolean | undefined;

  constructor(options: NodeReporterOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, network } = this.#options;
    while (!signal.aborted) {
      // As reported: it may become ready while that is written, and must then be reported at once.
      let ready = network.notReady() === undefined;
      try {
        this.#node ??= await this.#register();
        ready = await this.#report();
      } catch (error) {
        if (isStatus(error, "NotFound")) this.#node = undefined;
        log.warn("Node status not written", { error: String(error) });
      }
      const pause = sleep(clock, this.#node ? LOOK_MS : RETRY_MS, signal).catch(() => {});
      // A node that becomes able to take pods says so at once.
      await Promise.race(ready ? [pause] : [pause, network.ready()]);
    }
  }

  /** The Node object, for owner references; undefined until it is registered. */
  get node(): Node | undefined {
    return this.#node;
  }

  async #register(): Promise<Node> {
    const { client, identity, facts, log } = this.#options;
    const fresh = newNode(identity, facts);
    try {
      const created = await client.create(resources.nodes, fresh);
      log.info("Node registered", { node: identity.name });
      return created;
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
    }
    // Known from before: only the labels that we answer for are brought up to date.
    const patch = { metadata: { labels: nodeLabels(identity, facts) } };
    return await client.patch(resources.nodes, { name: identity.name }, patch, {
      type: "strategic",
    });
  }

  /** Resolves to whether the node was ready as it was reported. */
  async #report(): Promise<boolean> {
    const { client, clock, identity, files, images, network, facts, dataDir } = this.#options;
    const reason = network.notReady();
    const ready = reason === undefined;
    const status = nodeStatus({
      identity,
      facts,
      pressure: await nodePressure(files, dataDir),
      images: await images.listImages(),
      notReady: reason &&
        `container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:${reason}`,
      previous: this.#node?.status,
      now: timestamp(clock.now()),
    });
    const text = withoutTimes(status);
    if (text === this.#reported && clock.monotonic() - this.#reportedAt < REPORT_MS) return ready;
    this.#node = await client.patch(
      resources.nodes,
      { name: identity.name },
      { status: this.#patchOf(status) },
      { type: "strategic", subresource: "status" },
    );
    this.#reported = text;
    this.#reportedAt = clock.monotonic();
    this.#sayReadiness(ready);
    return ready;
  }

  /** Addresses are merged by type on the server, which cannot hold two of one type: then all are replaced. */
  #patchOf(status: NodeStatus): Record<string, unknown> {
    const known = JSON.stringify(this.#node?.status?.addresses ?? []);
    if (known === JSON.stringify(status.addresses)) {
      const { addresses: _same, ...rest } = status;
      return rest;
    }
    return { ...status, addresses: [...status.addresses ?? [], { $patch: "replace" }] };
  }

  #sayReadiness(ready: boolean): void {
    if (this.#ready === ready || !this.#node) return;
    this.#ready = ready;
    const reason = ready ? "NodeReady" : "NodeNotReady";
    const message = `Node ${this.#options.identity.name} status is now: ${reason}`;
    this.#options.events.event(this.#node, "Normal", reason, message);
  }
}

function withoutTimes(status: NodeStatus): string {
  const conditions = status.conditions?.map(({ lastHeartbeatTime: _beat, ...rest }) => rest);
  return JSON.stringify({ ...status, conditions });
}
