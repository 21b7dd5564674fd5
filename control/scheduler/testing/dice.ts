/** Choices by chance. */
export class Dice {
  readonly #float: () => number;

  /** `float` gives numbers in [0, 1). */
  constructor(float: () => number) {
    this.#float = float;
  }

  /** True with a probability. */
  chance(probability: number): boolean {
    return this.#float() < probability;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.#float() * (high - low + 1));
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)]!;
  }

  /** Up to `most` made things, each one more with a probability. */
  some<T>(probability: number, most: number, make: (index: number) => T): T[] {
    const made: T[] = [];
    while (made.length < most && this.chance(probability)) made.push(make(made.length));
    return made;
  }
}
