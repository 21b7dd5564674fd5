import type { CostRange } from "./cost/cost_range.ts";
import type { CelType } from "./types/cel_type.ts";
import type { CelValue } from "./values/value.ts";

/** The variables of one evaluation. */
export interface Activation {
  /** The value of a declared variable; undefined: it has none. Asked for each use, so what is dear is kept by it. */
  resolve(name: string): CelValue | undefined;
}

/** What an evaluation came to. `cost` is what it took, in the reference's units. */
export type Evaluation =
  | { readonly ok: true; readonly value: CelValue; readonly cost: number }
  | {
    readonly ok: false;
    /** E.g. `no such key: x`, or `operation cancelled: actual cost limit exceeded`. */
    readonly message: string;
    readonly overBudget: boolean;
    readonly cost: number;
  };

export interface EvaluateOptions {
  /** The evaluation ends when it costs more than this; at most `PER_CALL_LIMIT`. */
  readonly costLimit?: number;
}

/** A checked expression, ready to run any number of times. Immutable. */
export interface Program {
  readonly expression: string;
  readonly outputType: CelType;
  /** Names of the variables that it reads; those of its folds may be among them. */
  readonly variables: ReadonlySet<string>;
  /** The cost that it may come to, by the types and `sizes` given when it was compiled. */
  readonly cost: CostRange;
  evaluate(activation: Activation, options?: EvaluateOptions): Evaluation;
}

/**
 * A program, or why there is none. Messages of the API are `<stage> failed: <issues>`: the stage is that of the last step
 * that was reached, the issues are worded as the reference words them.
 */
export type Compilation =
  | { readonly ok: true; readonly program: Program }
  | {
    readonly ok: false;
    readonly stage: "compilation" | "program instantiation";
    readonly issues: string;
  };
