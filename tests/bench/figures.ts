/** What one run measured, by name: `get pod/rate` in 1/s, `get pod/p50` in ms, `memory/idle` in MB, `start/fresh` in s. */
export type Figures = Readonly<Record<string, number>>;

/** The median of each figure over the rounds that have it. */
export function medianFigures(rounds: readonly Figures[]): Figures {
  const names = new Set(rounds.flatMap((round) => Object.keys(round)));
  return Object.fromEntries([...names].map((name) => [
    name,
    median(rounds.flatMap((round) => round[name] ?? [])),
  ]));
}

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (!Number.isInteger(middle)) return sorted[Math.floor(middle)]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that a share (0 to 1) of all are below, as apibench takes it. NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
