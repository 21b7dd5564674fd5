import { openKvStorage } from "../../control/storage/kv/open.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { systemRandom } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";
import { Cluster } from "../integration/cluster.ts";
import { deploymentOf } from "../integration/objects.ts";
import { CountedStorage } from "./counted_storage.ts";

/** A cluster in which something always happens. */
export interface ChurnOptions {
  readonly nodes: number;
  readonly deployments: number;
  /** Pods of each. */
  readonly replicas: number;
  readonly minutes: number;
  /** Where the store is. */
  readonly directory: string;
  /** Called after every `everyMinutes` of the cluster's time. */
  readonly everyMinutes: number;
  /** Called right before the heap is looked at. */
  readonly collect?: () => void;
  onSample(sample: GrowthSample): void;
}

/** What may grow. */
export interface GrowthSample {
  readonly minute: number;
  /** Changes since the beginning. */
  readonly revision: number;
  /** Changes that the log still holds, of which most are of the past. */
  readonly keptChanges: number;
  readonly objects: number;
  /** Of the objects. */
  readonly events: number;
  /** The store's files. */
  readonly diskMb: number;
  readonly heapMb: number;
}

/** One deployment gets a new version so often. */
const ROLLOUT_MINUTES = 10;

/**
 * Runs a whole cluster on a real store and a fake clock: leases every ten seconds, node statuses every minute, and a
 * rollout every ten minutes with all the pods, statuses and Events that come of it.
 */
export async function churn(options: ChurnOptions): Promise<void> {
  const { nodes, deployments, replicas, minutes, directory } = options;
  const log = silentLog;
  await using cluster = await Cluster.start({
    nodes: Array.from({ length: nodes }, (_, i) => `node-${i}`),
    store: async (clock) => {
      const effects = { clock, log, random: systemRandom };
      const storage = await openKvStorage(directory, { ...effects, lazyFlushMs: 60_000 });
      return new CountedStorage(storage);
    },
  });
  const names = Array.from({ length: deployments }, (_, i) => `app-${i}`);
  await cluster.create(...names.map((name) => deploymentOf(name, replicas)));
  for (let minute = 1; minute <= minutes; minute++) {
    if (minute % ROLLOUT_MINUTES === 0) {
      const name = names[minute / ROLLOUT_MINUTES % deployments]!;
      await rollOut(cluster, name, minute);
    }
    await cluster.advance(60_000);
    if (minute % options.everyMinutes === 0) {
      options.onSample({ minute, ...await look(cluster, options) });
    }
  }
}

async function rollOut(cluster: Cluster, name: string, version: number): Promise<void> {
  const containers = [{ name: "c", image: `web:${version}` }];
  const patch = { spec: { template: { spec: { containers } } } };
  await cluster.patch(resources.deployments, { namespace: "default", name }, patch);
}

async function look(
  { storage }: Cluster,
  { directory, collect }: ChurnOptions,
): Promise<Omit<GrowthSample, "minute">> {
  const { items } = await storage.list("/");
  const revision = storage.revision();
  let bytes = 0;
  for await (const { name } of Deno.readDir(directory)) {
    bytes += (await Deno.stat(`${directory}/${name}`)).size;
  }
  collect?.();
  return {
    revision,
    keptChanges: revision - storage.compacted(),
    objects: items.length,
    events: items.filter(({ key }) => key.startsWith("/registry/core/events/")).length,
    diskMb: bytes / 2 ** 20,
    heapMb: Deno.memoryUsage().heapUsed / 2 ** 20,
  };
}
