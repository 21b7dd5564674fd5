import type { Node, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import type { Informer } from "../../../shared/informer/informer.ts";
import { findCondition, setCondition } from "../../../shared/meta/conditions.ts";
import { isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import type { ControllerContext, ControllerDefinition } from "../controller.ts";
import { isReady, isTerminal } from "../pods/pod_state.ts";
import { Heartbeats } from "./heartbeats.ts";
import {
  readiness,
  silentConditions,
  type TaintOptions,
  wantedTaints,
  zoneState,
} from "./node_health.ts";

const PERIOD_MS = 5000;
/** In each zone at most one node in this time gets its pods driven off; longer in a large zone in trouble. */
const EVICTION_MS = 10_000;
const SLOW_EVICTION_MS = 100_000;
/** Up to this many nodes, a zone in trouble has no evictions at all. */
const SMALL_CLUSTER = 50;
const REGION = "topology.kubernetes.io/region";
const ZONE = "topology.kubernetes.io/zone";

/**
 * Marks nodes that are silent, taints nodes that are unwell, and takes the pods of unready nodes out of service. When
 * every node is silent the fault is taken to be ours, and no pod is driven off.
 */
export const nodeLifecycleController: ControllerDefinition = {
  name: "nodelifecycle",
  account: "node-controller",
  setup(context) {
    const nodes = context.informers.of(resources.nodes);
    const pods = context.informers.of(resources.pods);
    const leases = context.informers.of(resources.leases);
    pods.addIndex("node", (pod) => pod.spec?.nodeName ? [pod.spec.nodeName] : []);
    const heartbeats = new Heartbeats(context.clock, nodes, leases);
    const monitor = new Monitor(context, { nodes, pods, heartbeats });
    nodes.onChange((node, previous) => {
      // Pressure and cordons show in taints at once; silence is looked for in turn.
      if (!previous || !node || fingerprint(node) !== fingerprint(previous)) context.enqueue("");
    });
    context.enqueue("");
    return async () => {
      await monitor.pass();
      return { requeueAfterMs: PERIOD_MS };
    };
  },
};

function fingerprint({ spec, status }: Node): string {
  const conditions = status?.conditions?.map(({ type, status }) => `${type}=${status}`);
  return JSON.stringify([conditions, spec?.unschedulable, spec?.taints]);
}

interface MonitorOptions {
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly heartbeats: Heartbeats;
}

class Monitor {
  readonly #context: ControllerContext;
  readonly #options: MonitorOptions;
  /** When a node of the zone was last given up; monotonic milliseconds. */
  readonly #lastEviction = new Map<string, number>();

  constructor(context: ControllerContext, options: MonitorOptions) {
    this.#context = context;
    this.#options = options;
  }

  async pass(): Promise<void> {
    const { nodes, heartbeats } = this.#options;
    const { config } = this.#context;
    const seen: Node[] = [];
    for (const node of nodes.list()) {
      const silentMs = heartbeats.silenceOf(node);
      const silent = silentMs > config.nodeMonitorGraceMs;
      seen.push(silent ? await this.#markSilent(node) : node);
    }
    const zones = Map.groupBy(seen, zoneOf);
    const allDown = seen.every((node) => readiness(node) !== "True");
    for (const [zone, members] of zones) await this.#treatZone(zone, members, allDown);
  }

  async #markSilent(node: Node): Promise<Node> {
    const { client, clock, events } = this.#context;
    const conditions = silentConditions(node, timestamp(clock.now()));
    if (conditions === node.status?.conditions || !conditions.length) return node;
    try {
      const status = { ...node.status, conditions: [...conditions] };
      const written = await client.update(resources.nodes, { ...node, status }, {
        subresource: "status",
      });
      const { name } = node.metadata;
      events.event(node, "Normal", "NodeNotReady", `Node ${name} status is now: NodeNotReady`);
      return written;
    } catch (error) {
      // It just spoke, or is gone: the next pass sees what is true.
      if (isStatus(error, "Conflict") || isStatus(error, "NotFound")) return node;
      throw error;
    }
  }

  async #treatZone(zone: string, members: readonly Node[], allDown: boolean): Promise<void> {
    const unready = members.filter((node) => readiness(node) !== "True");
    const state = zoneState(members.length - unready.length, unready.length);
    const stop = allDown || (state === "partial" && members.length <= SMALL_CLUSTER);
    const every = state === "normal" || state === "full" ? EVICTION_MS : SLOW_EVICTION_MS;
    for (const node of members) {
      const down = readiness(node) !== "True";
      let evict: TaintOptions["evict"] = allDown ? "no" : "keep";
      if (down && !stop && this.#mayEvict(zone, node, every)) evict = "yes";
      await this.#taint(node, evict);
      if (down) await this.#takePodsOutOfService(node);
    }
  }

  #mayEvict(zone: string, node: Node, every: number): boolean {
    if (node.spec?.taints?.some(({ key, effect }) => effect === "NoExecute" && isDownKey(key))) {
      return true;
    }
    const now = this.#context.clock.monotonic();
    if (now - (this.#lastEviction.get(zone) ?? -Infinity) < every) return false;
    this.#lastEviction.set(zone, now);
    return true;
  }

  async #taint(node: Node, evict: TaintOptions["evict"]): Promise<void> {
    const { client, clock } = this.#context;
    const taints = wantedTaints(node, { evict, now: timestamp(clock.now()) });
    const old = node.spec?.taints;
    if (taints === old || (taints.length === 0 && old === undefined)) return;
    const { name = "", uid, resourceVersion } = node.metadata;
    const patch = { metadata: { uid, resourceVersion }, spec: { taints } };
    await client.patch(resources.nodes, { name }, patch, { type: "merge" }).catch(ignoreRace);
  }

  /** The kubelet cannot say so itself: nobody must be sent to pods whose node is not heard of. */
  async #takePodsOutOfService(node: Node): Promise<void> {
    const { client, clock, events } = this.#context;
    const now = timestamp(clock.now());
    for (const pod of this.#options.pods.byIndex("node", node.metadata.name!)) {
      if (!isReady(pod) || isTerminal(pod) || isBeingDeleted(pod)) continue;
      const ready = findCondition(pod.status?.conditions, "Ready")!;
      const conditions = setCondition(pod.status?.conditions, { ...ready, status: "False" }, now);
      const { namespace, name = "", uid } = pod.metadata;
      const patch = { metadata: { uid }, status: { conditions } };
      await client.patch(resources.pods, { namespace, name }, patch, {
        type: "merge",
        subresource: "status",
      }).catch(ignoreRace);
      events.event(pod, "Warning", "NodeNotReady", "Node is not ready");
    }
  }
}

function isDownKey(key: string): boolean {
  return key === "node.kubernetes.io/not-ready" || key === "node.kubernetes.io/unreachable";
}

function zoneOf({ metadata: { labels } }: Node): string {
  return `${labels?.[REGION] ?? ""}/${labels?.[ZONE] ?? ""}`;
}

function ignoreRace(error: unknown): void {
  if (!isStatus(error, "Conflict") && !isStatus(error, "NotFound")) throw error;
}
