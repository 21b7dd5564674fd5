import { systemClock } from "../../shared/clock/clock.ts";
import { figure, table } from "../results/table.ts";
import { churn, type GrowthSample } from "../scale/churn.ts";
import { type CompactionStops, measureCompaction } from "../scale/compaction_stop.ts";
import { type GrowthBounds, growthFaults } from "../scale/growth.ts";
import type { BenchOptions } from "./bench_options.ts";
import { describeMachine, machineFacts } from "./machine.ts";

const CLUSTER = { nodes: 5, deployments: 20, replicas: 5 };
/** For that cluster, and twice what was measured. */
const BOUNDS: GrowthBounds = { diskMb: 13, keptChanges: 1500, events: 700, heapMb: 120 };
const SAMPLES = 24;
const STOP_MS = 50;

/** A day of a busy cluster in minutes, and how long compaction stops requests; resolves to a section of BENCHMARKS.md. */
export async function benchGrowth(options: BenchOptions): Promise<string> {
  const directory = await Deno.makeTempDir({ dir: options.directory, prefix: "coracle-growth-" });
  const samples: GrowthSample[] = [];
  try {
    const facts = machineFacts(directory, systemClock);
    await churn({
      ...CLUSTER,
      minutes: options.hours * 60,
      directory: `${directory}/churn`,
      everyMinutes: Math.max(1, Math.floor(options.hours * 60 / SAMPLES)),
      collect,
      onSample: (sample) => samples.push(sample),
    });
    const size = { objects: 50_000, changesEach: 3 };
    const stops = await measureCompaction(`${directory}/compaction`, size, collect);
    return growthReport({
      command: options.command,
      machine: describeMachine(facts),
      hours: options.hours,
      samples,
      stops,
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The task runs with `--expose-gc`, so that a heap is measured and not what waits to be collected. */
function collect(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (!gc) throw new Error("Cannot measure the heap without --v8-flags=--expose-gc");
  gc();
}

interface GrowthFindings {
  readonly command: string;
  readonly machine: string;
  readonly hours: number;
  readonly samples: readonly GrowthSample[];
  readonly stops: CompactionStops;
}

/** What grew, at its bounds, and the longest stops. */
export function growthReport(findings: GrowthFindings): string {
  const { command, machine, hours, samples, stops } = findings;
  const { nodes, deployments, replicas } = CLUSTER;
  const faults = growthFaults(samples, BOUNDS);
  const { atRest, whileCompacting } = stops;
  const stop = Math.max(whileCompacting.longestWriteMs, whileCompacting.longestTurnMs);
  return [
    `Command: \`${command}\``,
    "",
    `Machine: ${machine}`,
    "",
    `${hours} hours of a cluster of ${nodes} nodes and ${
      deployments * replicas
    } pods (leases, statuses, a rollout every ` +
    "ten minutes) on the real store and a fake clock:",
    "",
    table(
      [
        "hour",
        "changes so far",
        "kept in the log",
        "objects",
        "Events",
        "store on disk MB",
        "heap MB",
      ],
      samples.map(({ minute, revision, keptChanges, objects, events, diskMb, heapMb }) =>
        [minute / 60, revision, keptChanges, objects, events, diskMb, heapMb].map(figure)
      ),
    ),
    `Bounds: ${BOUNDS.keptChanges} changes, ${BOUNDS.events} Events, ${BOUNDS.diskMb} MB on disk, ${BOUNDS.heapMb} MB ` +
    `of heap, and no growth in the last third. ${
      faults.length === 0 ? "All are held." : `MISSED: ${faults.join("; ")}.`
    }`,
    "",
    `Compaction of ${figure(stops.changes)} changes to ${figure(stops.objects)} objects took ${
      figure(stops.seconds)
    } s. The longest a request had to wait meanwhile, at most ${STOP_MS} ms: ${
      stop > STOP_MS ? "MISSED" : "reached"
    }.`,
    "",
    table(
      ["", "writes", "longest write ms", "longest turn ms"],
      ([["at rest", atRest], ["while compacting", whileCompacting]] as const).map((
        [when, seen],
      ) => [
        when,
        ...[seen.writes, seen.longestWriteMs, seen.longestTurnMs].map(figure),
      ]),
    ),
  ].join("\n");
}
