/** What a register holds: the revision of its last write or delete, and the value if there is one. */
export interface RegisterState {
  readonly revision: number;
  /** Absent: the key does not exist. */
  readonly value: string | undefined;
}

/**
 * One operation on one register. `apply` gives the state after it, or undefined if it cannot have happened on `state`.
 * `writes`: the revision it writes; in any order of writes these must ascend, which is what makes the search short.
 */
export interface RegisterOperation {
  readonly name: string;
  readonly call: number;
  /** Infinity: it was never answered, so it happened at any time after `call`, or not at all. */
  readonly end: number;
  readonly writes?: number | undefined;
  apply(state: RegisterState): RegisterState | undefined;
}

/**
 * Whether there is an order in which the operations could have happened one by one, each between its call and its end
 * (Herlihy and Wing; the search is that of Wing and Gong with Lowe's memory of what was tried). Keys are independent,
 * so a history is linearizable if that of each key is. Returns undefined, or a description of where it gets stuck.
 */
export function linearize(
  operations: readonly RegisterOperation[],
  initial: RegisterState,
): string | undefined {
  return new Search(operations).run(initial);
}

class Search {
  readonly #operations: readonly RegisterOperation[];
  readonly #done: boolean[];
  readonly #tried = new Set<string>();
  /** Required ones that are done, at most and now. */
  #best = -1;
  #count = 0;
  readonly #required: number;
  #stuckAt = "";

  constructor(operations: readonly RegisterOperation[]) {
    this.#operations = [...operations].sort((a, b) => a.call - b.call);
    this.#done = this.#operations.map(() => false);
    this.#required = operations.filter(isRequired).length;
  }

  run(initial: RegisterState): string | undefined {
    return this.#search(initial) ? undefined : this.#stuckAt;
  }

  #search(state: RegisterState): boolean {
    if (this.#count === this.#required) return true;
    const key = this.#memory(state);
    if (this.#tried.has(key)) return false;
    this.#tried.add(key);
    const candidates = this.#candidates();
    this.#note(state, candidates);
    for (const index of candidates) {
      const operation = this.#operations[index]!;
      const next = operation.apply(state);
      if (!next) continue;
      this.#done[index] = true;
      if (isRequired(operation)) this.#count++;
      if (this.#search(next)) return true;
      // What changes nothing and can come now might as well: no other order would do better.
      if (operation.writes === undefined) return false;
      this.#done[index] = false;
      if (isRequired(operation)) this.#count--;
    }
    return false;
  }

  /** Those that may come next: no other one ended before they were called. Reads first, as they change nothing. */
  #candidates(): number[] {
    let end = Infinity;
    let lowest = Infinity;
    this.#operations.forEach((operation, i) => {
      if (this.#done[i]) return;
      end = Math.min(end, operation.end);
      if (isRequired(operation)) lowest = Math.min(lowest, operation.writes ?? Infinity);
    });
    const reads: number[] = [];
    const writes: number[] = [];
    this.#operations.forEach(({ call, writes: revision }, i) => {
      if (this.#done[i] || call > end) return;
      if (revision === undefined) reads.push(i);
      // A write that must happen could not any more after one with a greater revision.
      else if (revision <= lowest) writes.push(i);
    });
    return [...reads, ...writes];
  }

  /**
   * What the rest of the search depends on. Unanswered writes do not count: those up to the state's revision cannot
   * come any more, done or not, and no later one is done.
   */
  #memory(state: RegisterState): string {
    let beyond = "";
    let first = -1;
    this.#done.forEach((done, i) => {
      if (!isRequired(this.#operations[i]!)) return;
      if (first < 0 && !done) first = i;
      if (first >= 0 && done) beyond += `${i},`;
    });
    return `${first};${beyond};${state.revision}`;
  }

  #note(state: RegisterState, candidates: readonly number[]): void {
    if (this.#count <= this.#best) return;
    this.#best = this.#count;
    const names = candidates.map((i) => this.#operations[i]!.name).join("; ");
    this.#stuckAt = `after ${this.#count} of ${this.#required}, at revision ${state.revision} ` +
      `holding ${state.value ?? "nothing"}, none of these can be next: ${names}`;
  }
}

function isRequired({ end }: RegisterOperation): boolean {
  return end < Infinity;
}
