import type { ReplicaSet } from "../../shared/api/apps/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { Harness, makeNode, makePod, type PodOptions } from "./testing/harness.ts";

const nodeCount = 1000;
const podCount = 1000;

/** Pods of a ReplicaSet with three labels, as most are: the defaults spread them over machines and zones. */
function replicas(index: number, more: PodOptions = {}) {
  const app = `app-${index % 10}`;
  return makePod(`pod-${index}`, {
    cpu: "100m",
    memory: "64Mi",
    ...more,
    metadata: {
      labels: { app, tier: "web", "pod-template-hash": "abc" },
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "ReplicaSet", name: app, uid: app, controller: true },
      ],
    },
  });
}

async function cluster(): Promise<Harness> {
  const harness = new Harness();
  for (let index = 0; index < nodeCount; index++) {
    const labels = { "topology.kubernetes.io/zone": `zone-${index % 10}` };
    harness.api.put(resources.nodes, makeNode(`node-${index}`, { labels }));
  }
  for (let index = 0; index < 10; index++) {
    const name = `app-${index}`;
    harness.api.put(
      resources.replicasets,
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: { name, namespace: "shop", uid: name },
        spec: { selector: { matchLabels: { app: name } } },
      } as ReplicaSet,
    );
  }
  await harness.start();
  return harness;
}

function bench(name: string, options: (index: number) => PodOptions): void {
  Deno.bench(`${podCount} pods over ${nodeCount} nodes: ${name}`, { n: 10 }, async (b) => {
    const harness = await cluster();
    const pods = Array.from({ length: podCount }, (_, index) => replicas(index, options(index)));
    b.start();
    await harness.add(...pods);
    while (harness.api.writes.length < podCount) await harness.advance(0);
    b.end();
    await harness.stop();
  });
}

bench("resources and default spreading", () => ({}));
bench("hard spreading over zones", (index) => ({
  topologySpreadConstraints: [{
    maxSkew: 1,
    topologyKey: "topology.kubernetes.io/zone",
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: { matchLabels: { app: `app-${index % 10}` } },
  }],
}));
bench("anti-affinity between replicas", (index) => ({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{
        topologyKey: "kubernetes.io/hostname",
        labelSelector: { matchLabels: { app: `app-${index % 10}` } },
      }],
    },
  },
}));
