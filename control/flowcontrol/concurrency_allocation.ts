/** How many seats somebody would like, and between which bounds it gets some. */
export interface SeatClaim {
  readonly target: number;
  readonly lower: number;
  readonly upper: number;
}

/** Nobody wants nothing: targets below this count as this. */
const minTarget = 0.001;

/**
 * Divides `total` so that everybody gets the same part of its target, but nobody less than its lower or more than its
 * upper bound (KEP-1040, borrowing). Bounds that cannot be kept all together give way: everybody gets its lower bound if
 * `total` is less than all of them, its upper bound if it is more.
 */
export function divideSeats(
  total: number,
  claims: readonly SeatClaim[],
): { readonly seats: readonly number[]; readonly fairShare: number } {
  const targets = claims.map(({ target }) => Math.max(target, minTarget));
  const shareOf = (part: number) =>
    claims.map(({ lower, upper }, i) => Math.max(lower, Math.min(upper, part * targets[i]!)));
  const sumOf = (part: number) => shareOf(part).reduce((sum, seats) => sum + seats, 0);
  const bends = claims.flatMap(({ lower, upper }, i) => [lower / targets[i]!, upper / targets[i]!])
    .sort((a, b) => a - b);
  // The sum grows with the part, in a straight line from bend to bend: find the stretch that has `total` in it.
  let below = 0;
  for (const above of bends) {
    const from = sumOf(below);
    const to = sumOf(above);
    if (to >= total) {
      const part = to === from ? above : below + (above - below) * (total - from) / (to - from);
      const fairShare = Math.max(below, part);
      return { seats: shareOf(fairShare), fairShare };
    }
    below = above;
  }
  return { seats: shareOf(below), fairShare: below };
}
