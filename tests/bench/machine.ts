import type { Clock } from "../../shared/clock/clock.ts";
import { figure } from "../results/table.ts";
import { percentile } from "./figures.ts";

/** What of the machine decides about figures; nothing that says whose it is. */
export interface MachineFacts {
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly fsyncP50Ms: number;
  readonly fsyncP99Ms: number;
}

const PROBES = 200;
const PROBE_BYTES = 4096;

/** Looks at the machine, and at the disk that `directory` is on. */
export function machineFacts(directory: string, clock: Clock): MachineFacts {
  const latencies = fsyncLatencies(directory, clock);
  return {
    cores: navigator.hardwareConcurrency,
    memoryGb: Deno.systemMemoryInfo().total / 2 ** 30,
    kernel: Deno.osRelease().split("-")[0]!,
    fsyncP50Ms: percentile(latencies, 0.5),
    fsyncP99Ms: percentile(latencies, 0.99),
  };
}

/** As one sentence. */
export function describeMachine(facts: MachineFacts): string {
  const { cores, memoryGb, kernel, fsyncP50Ms, fsyncP99Ms } = facts;
  return `${cores} cores, ${
    Math.round(memoryGb)
  } GiB of memory, Linux ${kernel}; appending 4 KiB and fsync takes ` +
    `${figure(fsyncP50Ms)} ms (p50), ${figure(fsyncP99Ms)} ms (p99).`;
}

/** Milliseconds of each append of 4 KiB until it is on disk. */
function fsyncLatencies(directory: string, clock: Clock): number[] {
  const path = Deno.makeTempFileSync({ dir: directory, prefix: "fsync-" });
  using file = Deno.openSync(path, { append: true });
  const block = crypto.getRandomValues(new Uint8Array(PROBE_BYTES));
  const latencies: number[] = [];
  for (let i = 0; i < PROBES; i++) {
    const begun = clock.monotonic();
    file.writeSync(block);
    file.syncSync();
    latencies.push(clock.monotonic() - begun);
  }
  Deno.removeSync(path);
  return latencies;
}
