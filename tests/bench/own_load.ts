import { resources } from "../../shared/client/resources.gen.ts";
import { restClient } from "../../shared/client/rest_client.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { benchPod, podName, runningStatus } from "./bench_pod.ts";
import { type Exchange, exchange } from "./exchange.ts";
import { percentile } from "./figures.ts";
import type { Load, OperationResult } from "./load.ts";
import { type Http2Transport, http2Transport } from "./http2_transport.ts";
import { measure } from "./measure.ts";
import type { RunningServer } from "./server.ts";

const NAMESPACE = "bench";
const IN_FLIGHT = 32;
const WATCHERS = 200;
const UPDATES = 500;
const APPLIED = 200;
const namespacePath = `/api/v1/namespaces/${NAMESPACE}`;
const pods = `${namespacePath}/pods`;

type Step = [op: string, count: number, inFlight: number, request: (i: number) => Exchange];

/**
 * The operations of apibench, for machines where that cannot be built. A program of ours, slower than apibench: its
 * figures compare with each other alone.
 */
export const ownLoad: Load = async (server, { mode, objects, onOperation }) => {
  if (mode === "sched") throw new Error("Cannot measure the scheduler without apibench");
  const transport = http2Transport(server);
  const results: OperationResult[] = [];
  const note = (result: OperationResult) => {
    results.push(result);
    onOperation();
  };
  try {
    await prepare(transport);
    for (const [op, count, inFlight, request] of stepsBefore(objects)) {
      const act = (i: number) => exchange(transport, request(i));
      note(await measure({ op, count, inFlight, act }, systemClock));
    }
    note(await fanOut(transport));
    const act = (i: number) => exchange(transport, { method: "DELETE", path: podPath(i) });
    const deletion = { op: "delete pod", count: objects, inFlight: IN_FLIGHT, act };
    note(await measure(deletion, systemClock));
    return results;
  } finally {
    transport.close();
  }
};

/** Creates the first pod. Resolves to its namespace. */
export async function createFirstPod(server: RunningServer): Promise<string> {
  const transport = http2Transport(server);
  try {
    await prepare(transport);
    await exchange(transport, create(0));
    return NAMESPACE;
  } finally {
    transport.close();
  }
}

/** Without controllers nobody else makes the namespace's service account. */
async function prepare(transport: Http2Transport): Promise<void> {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } };
  await exchange(transport, { method: "POST", path: "/api/v1/namespaces", body: namespace });
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
  const path = `${namespacePath}/serviceaccounts`;
  await exchange(transport, { method: "POST", path, body: account });
}

function stepsBefore(objects: number): Step[] {
  const get = (path: string) => () => ({ method: "GET" as const, path });
  return [
    ["create pod, 1 in flight", 200, 1, (i) => create(objects + i)],
    ["create pod", objects, IN_FLIGHT, create],
    ["get pod", 4 * objects, IN_FLIGHT, (i) => ({ method: "GET", path: podPath(i % objects) })],
    ["list all pods", 10, 1, get(pods)],
    ["list all pods, 8 in flight", 24, 8, get(pods)],
    ["list by label (1%)", 50, 4, (i) => get(`${pods}?labelSelector=app%3Dapp-${i % 100}`)()],
    ["list by node (2%)", 50, 4, (i) => get(podsOfNode(i % 50))()],
    ["list page of 500", 50, 4, get(`${pods}?limit=500`)],
    ["merge-patch pod status", objects, IN_FLIGHT, (i) => ({
      method: "PATCH",
      path: `${podPath(i)}/status`,
      contentType: "application/merge-patch+json",
      body: runningStatus(i),
    })],
    ["server-side apply configmap", Math.floor(objects / 5), IN_FLIGHT, apply],
  ];
}

const create = (i: number): Exchange => ({ method: "POST", path: pods, body: benchPod(i) });
const podPath = (i: number) => `${pods}/${podName(i)}`;
const podsOfNode = (node: number) => `/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-${node}`;
const configMapName = (i: number) => `cm-${String(i).padStart(5, "0")}`;

function apply(i: number): Exchange {
  const name = configMapName(i % APPLIED);
  return {
    method: "PATCH",
    path: `${namespacePath}/configmaps/${name}?fieldManager=bench&force=true`,
    contentType: "application/apply-patch+yaml",
    body: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name },
      data: { k: `v${i}`, text: "x".repeat(800) },
    },
  };
}

/** Updates one after the other, each timed until every watcher has it. */
async function fanOut(transport: Http2Transport): Promise<OperationResult> {
  const client = restClient(transport, { userAgent: "bench" });
  const query = { namespace: NAMESPACE };
  const { resourceVersion } = await client.list(resources.configmaps, query);
  const sent: number[] = [];
  const latencies: number[] = [];
  const watchers = Promise.all(Array.from({ length: WATCHERS }, async () => {
    let seen = 0;
    const watch = client.watch(resources.configmaps, {
      ...query,
      resourceVersion,
      timeoutSeconds: 120,
    });
    for await (const { object } of watch) {
      const sequence = "data" in object ? object.data?.["Seq"] : undefined;
      if (sequence === undefined) continue;
      latencies.push(systemClock.monotonic() - sent[Number(sequence)]!);
      if (++seen === UPDATES) return;
    }
  }));
  // If an update fails, that is the error to be told of, not that the watches end then.
  watchers.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 1000)); // As apibench: all watches are open then.
  const begun = systemClock.monotonic();
  for (let i = 0; i < UPDATES; i++) {
    sent.push(systemClock.monotonic());
    await exchange(transport, {
      method: "PATCH",
      path: `${namespacePath}/configmaps/${configMapName(i % 100)}`,
      contentType: "application/merge-patch+json",
      body: { data: { Seq: String(i), pad: "p".repeat(900) } },
    });
  }
  await watchers;
  const seconds = (systemClock.monotonic() - begun) / 1000;
  return {
    op: "watch fan-out, events",
    n: latencies.length,
    per_s: latencies.length / seconds,
    p50_ms: percentile(latencies, 0.5),
    p99_ms: percentile(latencies, 0.99),
    note: `${WATCHERS} watchers, ${WATCHERS * UPDATES - latencies.length} missing`,
  };
}
