import { maxNodeScore } from "./framework.ts";

/** Stretches counts so that the largest becomes 100 (or 0, with `reverse`), in place. All zero: 0 (or 100). */
export function normalizeToMax(
  scores: Float64Array,
  { reverse = false }: { readonly reverse?: boolean } = {},
): void {
  let max = 0;
  for (const score of scores) if (score > max) max = score;
  for (let index = 0; index < scores.length; index++) {
    const score = max === 0 ? 0 : Math.trunc(maxNodeScore * scores[index]! / max);
    scores[index] = reverse ? maxNodeScore - score : score;
  }
}
