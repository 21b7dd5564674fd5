import type { Clock } from "../../shared/clock/clock.ts";
import type { Counter, Histogram, MetricRegistry } from "../../shared/metrics/metric_registry.ts";
import type { ApiRegistry } from "../endpoints/resource_request.ts";
import type { Storage, Write } from "../storage/storage.ts";

const place = ["group", "resource"];
const seconds = [
  0.005,
  0.025,
  0.05,
  0.1,
  0.2,
  0.4,
  0.6,
  0.8,
  1,
  1.25,
  1.5,
  2,
  3,
  4,
  5,
  6,
  8,
  10,
  15,
  20,
  30,
  45,
  60,
];

interface Series {
  readonly seconds: Histogram;
  readonly requests: Counter;
  readonly errors: Counter;
}

/**
 * A storage that counts and times its writes. They have the names that etcd's requests have in the reference, so that
 * what watches those sees how long a write takes here.
 */
export function meteredStorage(
  storage: Storage,
  registry: MetricRegistry,
  clock: Clock,
): Storage {
  const labels = ["operation", ...place];
  const durations = registry.histogram({
    name: "etcd_request_duration_seconds",
    help: "How long writes to the store took.",
    labels,
    buckets: seconds,
  });
  const requests = registry.counter({
    name: "etcd_requests_total",
    help: "Writes to the store.",
    labels,
  });
  const errors = registry.counter({
    name: "etcd_request_errors_total",
    help: "Writes that the store refused.",
    labels,
  });
  const known = new Map<string, Series>();
  const seriesOf = (write: Write): Series => {
    const resource = write.key.split("/", 4);
    const operation = write.type === "delete"
      ? "delete"
      : write.expected === 0
      ? "create"
      : "update";
    const key = `${operation} ${resource[2]}/${resource[3]}`;
    let series = known.get(key);
    if (!series) {
      const group = resource[2] === "core" ? "" : resource[2] ?? "";
      const values = [operation, group, resource[3] ?? ""];
      series = {
        seconds: durations.with(...values),
        requests: requests.with(...values),
        errors: errors.with(...values),
      };
      if (known.size < maxKnown) known.set(key, series);
    }
    return series;
  };
  return {
    revision: () => storage.revision(),
    compacted: () => storage.compacted(),
    get: (key) => storage.get(key),
    latest: (key) => storage.latest(key),
    settled: (key) => storage.settled(key),
    list: (prefix, options) => storage.list(prefix, options),
    async write(write) {
      const series = seriesOf(write);
      const started = clock.monotonic();
      series.requests.value++;
      try {
        return await storage.write(write);
      } catch (error) {
        series.errors.value++;
        throw error;
      } finally {
        series.seconds.observe((clock.monotonic() - started) / 1000);
      }
    },
    watch: (prefix, after, sink) => storage.watch(prefix, after, sink),
    compact: (revision) => storage.compact(revision),
    close: () => storage.close(),
  };
}

const maxKnown = 2_000;

/** How much there is of each resource, and what the process takes: set when the metrics are read. */
export function watchStores(registry: MetricRegistry, served: ApiRegistry, clock: Clock): void {
  const objects = registry.gauge({
    name: "apiserver_resource_objects",
    help: "Stored objects by resource.",
    labels: place,
  });
  const old = registry.gauge({
    name: "apiserver_storage_objects",
    help:
      "Stored objects by resource, under the name that was usual before apiserver_resource_objects.",
    labels: ["resource"],
  });
  const bytes = registry.gauge({
    name: "apiserver_resource_size_estimate_bytes",
    help: "Bytes of the stored objects by resource.",
    labels: place,
  });
  const memory = registry.gauge({
    name: "process_resident_memory_bytes",
    help: "Memory of the process.",
  }).with();
  registry.gauge({
    name: "process_start_time_seconds",
    help: "When the process started, in seconds since 1970.",
  }).with().set((clock.now() - clock.monotonic()) / 1000);
  registry.beforeText(() => {
    memory.set(Deno.memoryUsage().rss);
    for (const { kind: { group, plural, storedAs }, store } of served.all()) {
      if (!store || storedAs) continue;
      objects.with(group, plural).set(store.cache.size);
      bytes.with(group, plural).set(store.cache.bytes);
      old.with(group === "" ? plural : `${plural}.${group}`).set(store.cache.size);
    }
  });
}
