import type { ShapePoint } from "./configuration/plugin_args.ts";
import { maxNodeScore } from "./framework.ts";

/** A broken line through points that are sorted by utilization: the score, 0 to 100, of a utilization in percent. */
export function brokenLine(points: readonly ShapePoint[]): (utilization: number) => number {
  // Configured scores go to 10.
  const line = points.map(({ utilization, score }) => ({
    at: utilization,
    score: score * maxNodeScore / 10,
  }));
  return (utilization) => {
    const index = line.findIndex(({ at }) => utilization <= at);
    const next = line[index];
    const before = line[index - 1];
    if (!next) return line.at(-1)!.score;
    if (!before) return next.score;
    const rise = (next.score - before.score) * (utilization - before.at);
    return before.score + Math.trunc(rise / (next.at - before.at));
  };
}
