import { startCoracle, storeOf } from "./coracle_server.ts";
import type { Figures } from "./figures.ts";
import { faultsOf, type Load, type LoadOptions, type OperationResult } from "./load.ts";
import { createFirstPod } from "./own_load.ts";
import { usageOfTrees } from "./process_usage.ts";
import type { RunningServer, StartServer } from "./server.ts";
import { storePods } from "./store_pods.ts";

/** A server is at rest so long after it is ready. */
const REST_MS = 10_000;

export interface RoundOptions {
  readonly load: Load;
  readonly mode: LoadOptions["mode"];
  readonly objects: number;
  readonly nodes: number;
  readonly port: number;
  /** Fresh folders are made in it and removed again. */
  readonly directory: string;
}

/** Starts a server on a fresh folder, lets it rest, loads it, and ends it. Throws if anything failed. */
export async function measureRound(start: StartServer, options: RoundOptions): Promise<Figures> {
  return await inFreshFolder(options.directory, async (directory) => {
    const { port, mode } = options;
    const server = await start({ directory, port, scheduler: mode === "sched" });
    try {
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      const idle = usageOfTrees(server.pids);
      if (mode === "sched") await warmUp(server, { ...options, directory });
      const loaded = await underLoad(server, { ...options, directory });
      return {
        "start/fresh": server.readySeconds,
        "memory/idle": idle.rssMb,
        ...loaded,
      };
    } finally {
      await server.stop();
    }
  });
}

/** How long a start of Coracle takes when so many pods are in its store: `start/<n>` for each, in rising order. */
export async function measureStarts(
  { counts, port, directory }: Pick<RoundOptions, "port" | "directory"> & {
    readonly counts: readonly number[];
  },
): Promise<Figures> {
  return await inFreshFolder(directory, async (fresh) => {
    const options = { directory: fresh, port, scheduler: false };
    const start = async <T>(use: (server: RunningServer) => T | Promise<T>) => {
      const server = await startCoracle(options);
      try {
        return await use(server);
      } finally {
        await server.stop();
      }
    };
    const namespace = await start(createFirstPod);
    const figures: Record<string, number> = {};
    let stored = 1;
    for (const count of counts) {
      await storePods({ directory: storeOf(fresh), namespace, from: stored, to: count });
      stored = count;
      figures[`start/${count}`] = await start(({ readySeconds }) => readySeconds);
    }
    return figures;
  });
}

/**
 * kube-apiserver gives a watch as much room as its kind had changes lately: without any, it cuts off the watch by which
 * bindings are counted within a second.
 */
async function warmUp(server: RunningServer, options: RoundOptions): Promise<void> {
  await options.load(server, { ...options, mode: "api", objects: 3000, onOperation() {} });
}

async function underLoad(server: RunningServer, options: RoundOptions): Promise<Figures> {
  const usages = [usageOfTrees(server.pids)];
  const results = await options.load(server, {
    ...options,
    onOperation: () => usages.push(usageOfTrees(server.pids)),
  });
  const faults = faultsOf(results);
  if (faults.length > 0) throw new Error(`The run is worthless: ${faults.join("; ")}`);
  const cpu = usages.map(({ cpuMs }) => cpuMs);
  return { ...operationFigures(results, cpu), "memory/loaded": usages.at(-1)!.rssMb };
}

/** `cpuMs`: the processor time before the first operation and after each. */
export function operationFigures(
  results: readonly OperationResult[],
  cpuMs: readonly number[],
): Figures {
  return Object.fromEntries(results.flatMap(({ op, n, per_s, p50_ms, p99_ms }, i) => [
    [`${op}/rate`, per_s],
    [`${op}/p50`, p50_ms],
    [`${op}/p99`, p99_ms],
    [`${op}/cpu`, (cpuMs[i + 1]! - cpuMs[i]!) / n],
  ]));
}

async function inFreshFolder<T>(
  parent: string,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await Deno.makeTempDir({ dir: parent, prefix: "coracle-bench-" });
  try {
    return await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
