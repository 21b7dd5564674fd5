/** An evaluation is ended: it took more than it may. */
export class CostExceeded extends Error {
  override readonly name = "CostExceeded";
  constructor() {
    super("operation cancelled: actual cost limit exceeded");
  }
}

/** Steps that the functions of one evaluation may take beyond what their cost says. */
const MAX_WORK = 5_000_000;
/** The longest list that may come to be. */
export const MAX_LIST_SIZE = 1_000_000;

/**
 * Steps that are left to the evaluation that runs now. The cost of a call is known when it has run, and values share their
 * parts: a few steps can make a list of lists whose comparison takes for ever. So what walks values counts its steps here.
 * Evaluations do not overlap, but one may run inside another (a variable that is computed when it is used).
 */
let left = Number.POSITIVE_INFINITY;

/** Runs one evaluation with an allowance of its own. Throws CostExceeded. */
export function withWorkLimit<T>(run: () => T): T {
  const before = left;
  left = MAX_WORK;
  try {
    return run();
  } finally {
    left = before;
  }
}

/** Takes steps from the allowance. Throws CostExceeded if it is used up. */
export function countWork(steps: number): void {
  left -= steps;
  if (left < 0) throw new CostExceeded();
}
