import type { GrowthSample } from "./churn.ts";

/** What a cluster of a given size may come to. */
export interface GrowthBounds {
  /** The store's files. */
  readonly diskMb: number;
  /** Changes in the log. */
  readonly keptChanges: number;
  readonly events: number;
  /** After a collection; absent where other tests share the heap. */
  readonly heapMb?: number;
}

/** How much more a figure may be in the last third of a run than in the third before it. */
const TREND = 1.15;

/** What is over its bound, or still grows at the end, one sentence each. Samples are in the order of time. */
export function growthFaults(samples: readonly GrowthSample[], bounds: GrowthBounds): string[] {
  const faults: string[] = [];
  for (const name of ["diskMb", "keptChanges", "events", "heapMb"] as const) {
    const bound = bounds[name];
    if (bound === undefined) continue;
    const values = samples.map((sample) => sample[name]);
    const most = Math.max(...values);
    if (!(most <= bound)) faults.push(`${name} came to ${most}, which is over ${bound}`);
    const third = Math.floor(values.length / 3);
    if (third === 0) continue;
    const before = mean(values.slice(-2 * third, -third));
    const last = mean(values.slice(-third));
    if (last > before * TREND) faults.push(`${name} grows: ${before} and then ${last}`);
  }
  return faults;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
