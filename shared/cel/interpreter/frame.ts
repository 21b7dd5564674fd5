import type { Activation } from "../program.ts";
import type { CelValue } from "../values/value.ts";
import { CostExceeded } from "../values/work.ts";

/** Counts what an evaluation costs and ends it when that is too much. */
export class CostTracker {
  cost = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws CostExceeded. */
  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#limit) throw new CostExceeded();
  }
}

/** The variables at one place of an evaluation. */
export interface Frame {
  readonly tracker: CostTracker;
  /** The frame of the environment's variables. */
  readonly root: Frame;
  resolve(name: string): CelValue | undefined;
}

/** The outermost frame. */
export function rootFrame(activation: Activation, tracker: CostTracker): Frame {
  const frame = {
    tracker,
    resolve: (name: string) => activation.resolve(name),
    get root() {
      return frame;
    },
  };
  return frame;
}

/** The variables of a fold around what it evaluates. */
export class FoldFrame implements Frame {
  readonly tracker: CostTracker;
  readonly root: Frame;
  readonly #parent: Frame;
  readonly #names: {
    readonly accumulator: string;
    readonly one: string;
    readonly two?: string | undefined;
  };
  readonly #initial: (frame: Frame) => CelValue;
  #accumulated: CelValue | undefined;
  one: CelValue = null;
  two: CelValue = null;
  /** The result is being made: the variables of the elements are out of sight. */
  finished = false;

  constructor(
    parent: Frame,
    names: {
      readonly accumulator: string;
      readonly one: string;
      readonly two?: string | undefined;
    },
    initial: (frame: Frame) => CelValue,
  ) {
    this.#parent = parent;
    this.tracker = parent.tracker;
    this.root = parent.root;
    this.#names = names;
    this.#initial = initial;
  }

  set accumulated(value: CelValue) {
    this.#accumulated = value;
  }

  resolve(name: string): CelValue | undefined {
    if (name === this.#names.accumulator) {
      // The first use computes it: what is not used costs nothing.
      if (this.#accumulated === undefined) this.#accumulated = this.#initial(this.#parent);
      return this.#accumulated;
    }
    if (!this.finished) {
      if (name === this.#names.one) return this.one;
      if (name === this.#names.two) return this.two;
    }
    return this.#parent.resolve(name);
  }
}
