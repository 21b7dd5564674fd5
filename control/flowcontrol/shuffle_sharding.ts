import { createHash } from "node:crypto";

/**
 * The queues that a flow may wait in: `handSize` different ones of `deckSize`, the same for the same flow. Two flows
 * have few of them in common, so that one which floods its queues leaves the others some (KEP-1040, shuffle sharding).
 */
export function handOf(
  flow: { readonly schema: string; readonly distinguisher: string },
  { deckSize, handSize }: { readonly deckSize: number; readonly handSize: number },
): readonly number[] {
  const digest = createHash("sha256").update(`${flow.schema}\0${flow.distinguisher}`).digest();
  let entropy = digest.readBigUInt64LE(0);
  const hand: number[] = [];
  for (let i = 0; i < handSize; i++) {
    const left = BigInt(deckSize - i);
    // One of the cards that are left: those taken before are stepped over, the lowest first.
    let card = Number(entropy % left);
    entropy /= left;
    for (const taken of hand.toSorted((a, b) => a - b)) if (card >= taken) card++;
    hand.push(card);
  }
  return hand;
}
