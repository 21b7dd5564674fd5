import { inProcessTransport } from "../../shared/client/in_process_transport.ts";
import type { Transport } from "../../shared/client/transport.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { benchPod, podName, runningStatus } from "../bench/bench_pod.ts";
import { type Exchange, exchange } from "../bench/exchange.ts";
import { measure } from "../bench/measure.ts";
import { usageOf } from "../bench/process_usage.ts";
import { Cluster } from "../integration/cluster.ts";

export interface ClusterSize {
  readonly nodes: number;
  readonly podsPerNode: number;
}

/** What one object cost, in microseconds of processor time, by what was done with it. */
export type Costs = Readonly<Record<string, number>>;

const user = { name: "admin", groups: ["system:masters", "system:authenticated"] };
const NAMESPACE = "/api/v1/namespaces/default";
const pods = `${NAMESPACE}/pods`;
const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
const nodeName = (i: number) => `node-${i}`;
const podPath = (i: number) => `${pods}/${podName(i)}`;
const IN_FLIGHT = 16;
const MANY = 500;
/** Each operation is done so often in both sizes; lists of everything less, by what they cost. */
const TIMES = 5_000;
const LISTED = 500_000;

/**
 * Fills an API server in this process with nodes, their leases and pods, opens a watch for every node as agents do, and
 * measures what reads, writes and watches cost per object. Throws if anything failed or an event is missing.
 */
export async function measureSize(size: ClusterSize): Promise<Costs> {
  await using cluster = await Cluster.start({ components: false });
  const transport = inProcessTransport((request) => cluster.server.app.fetch(request, { user }));
  const total = size.nodes * size.podsPerNode;
  const each = new Costing(transport);
  await fill(each, size);
  await each.of("get pod", TIMES, (i) => ({ method: "GET", path: podPath(i * 7919 % total) }));
  const lists = Math.max(1, Math.round(LISTED / total));
  await each.of("list all pods", lists, () => ({ method: "GET", path: pods }), total);
  const page = { method: "GET" as const, path: `${pods}?limit=500` };
  await each.of("list page of 500", 50, () => page, Math.min(500, total));
  await each.of("list pods of a node", TIMES, (i) => podsOfNode(i % size.nodes), size.podsPerNode);
  await each.of("merge-patch pod status", TIMES, (i) => statusPatch(i * 7919 % total, i));
  await each.of("renew lease", TIMES, (i) => renewal(i % size.nodes, i));
  await initialWatch(each, transport, total);
  await watchedPatches(each, transport, size);
  return each.costs;
}

/** Does things and notes what they cost. */
class Costing {
  readonly costs: Record<string, number> = {};
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** `objects`: how many objects each request is about. */
  async of(op: string, count: number, request: (i: number) => Exchange, objects = 1) {
    // Long answers one after the other: what many of them take in memory together is not the question.
    const inFlight = objects > MANY ? 1 : IN_FLIGHT;
    const act = (i: number) => exchange(this.#transport, request(i));
    await this.measure(op, count * objects, async () => {
      const { note } = await measure({ op, count, inFlight, act }, systemClock);
      if (note !== undefined) throw new Error(`${op}: ${note}`);
    });
  }

  /** Processor time and not time, because others use the machine too. */
  async measure(op: string, objects: number, work: () => Promise<void>): Promise<void> {
    const before = usageOf(Deno.pid).cpuMs;
    await work();
    this.costs[op] = (usageOf(Deno.pid).cpuMs - before) * 1000 / objects;
  }
}

async function fill(each: Costing, { nodes, podsPerNode }: ClusterSize): Promise<void> {
  const post = (path: string, body: unknown): Exchange => ({ method: "POST", path, body });
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
  await each.of("create account", 1, () => post(`${NAMESPACE}/serviceaccounts`, account));
  await each.of(
    "create node",
    nodes,
    (i) =>
      post("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: nodeName(i) } }),
  );
  await each.of("create lease", nodes, (i) => {
    const metadata = { name: nodeName(i) };
    return post(leases, { ...leaseBody, metadata, spec: leaseSpec(i, 0) });
  });
  const pod = (i: number) => post(pods, benchPod(i, nodes));
  await each.of("create pod", nodes * podsPerNode, pod);
  // Made once, in numbers that differ: not what is compared.
  for (const op of ["create account", "create node", "create lease"]) delete each.costs[op];
}

const leaseBody = { apiVersion: "coordination.k8s.io/v1", kind: "Lease" };

function leaseSpec(node: number, turn: number) {
  const renewTime = new Date(Date.UTC(2026, 0, 1) + turn * 10_000).toISOString().replace(
    "Z",
    "000Z",
  );
  return { holderIdentity: nodeName(node), leaseDurationSeconds: 40, renewTime };
}

function merge(path: string, body: unknown): Exchange {
  return { method: "PATCH", path, contentType: "application/merge-patch+json", body };
}

const renewal = (node: number, turn: number) =>
  merge(`${leases}/${nodeName(node)}`, { spec: leaseSpec(node, turn + 1) });
const statusPatch = (pod: number, turn: number) =>
  merge(`${podPath(pod)}/status`, runningStatus(turn));
const selector = (node: number) => `fieldSelector=spec.nodeName%3D${nodeName(node)}`;
const podsOfNode = (node: number): Exchange => ({
  method: "GET",
  path: `/api/v1/pods?${selector(node)}`,
});

/** A watch that begins with everything there is. */
async function initialWatch(each: Costing, transport: Transport, total: number): Promise<void> {
  const times = Math.max(1, Math.round(LISTED / 4 / total));
  await each.measure("watch from the beginning", times * total, async () => {
    for (let i = 0; i < times; i++) {
      const watch = await openWatch(transport, pods);
      await watch.until(total);
      watch.end();
    }
  });
}

/** Patches while every node watches its own pods: each patch is one event for one of them. */
async function watchedPatches(each: Costing, transport: Transport, size: ClusterSize) {
  const { nodes, podsPerNode } = size;
  const paths = Array.from({ length: nodes }, (_, i) => podsOfNode(i).path);
  const watches = await Promise.all(paths.map((path) => openWatch(transport, path)));
  await Promise.all(watches.map((watch) => watch.until(podsPerNode)));
  const expected = new Array<number>(nodes).fill(podsPerNode);
  await each.of("patch that one of the nodes watches", TIMES, (i) => {
    const pod = i * 7919 % (nodes * podsPerNode);
    expected[pod % nodes]!++;
    return statusPatch(pod, i + TIMES);
  });
  await Promise.all(watches.map((watch, i) => watch.until(expected[i]!)));
  for (const watch of watches) watch.end();
}

/** A watch whose events are counted as they come. */
async function openWatch(transport: Transport, path: string) {
  const stop = new AbortController();
  const query = `${path.includes("?") ? "&" : "?"}watch=1&resourceVersion=0`;
  const request = { method: "GET" as const, path: path + query, signal: stop.signal };
  const response = await transport.send(request);
  if (response.status !== 200) throw new Error(`GET ${path}: status ${response.status}`);
  let seen = 0;
  let awaited: { readonly count: number; resolve(): void } | undefined;
  const reading = (async () => {
    for await (const chunk of response.stream()) {
      for (const byte of chunk) if (byte === 0x0a) seen++;
      if (awaited && seen >= awaited.count) awaited.resolve();
    }
  })();
  reading.catch(() => {});
  return {
    /** Resolves when so many events have come; rejects if the watch ends before. */
    async until(count: number): Promise<void> {
      if (seen >= count) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      awaited = { count, resolve };
      const ended = reading.then(() => {
        throw new Error(`The watch of ${path} ended after ${seen} events of ${count}`);
      });
      await Promise.race([promise, ended]);
    },
    end: () => stop.abort(),
  };
}
