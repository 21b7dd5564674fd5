import type { RunningServer } from "./server.ts";

/** One row: how often an operation was done, how fast, and what went wrong. The fields are apibench's. */
export interface OperationResult {
  readonly op: string;
  readonly n: number;
  readonly per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly note?: string;
}

export interface LoadOptions {
  readonly mode: "api" | "sched";
  /** Pods to create. */
  readonly objects: number;
  /** With `sched`: nodes to create. */
  readonly nodes: number;
  /** A folder for files of its own. */
  readonly directory: string;
  /** Called as soon as each operation has ended, in the order of the results. */
  onOperation(): void;
}

/** Loads a server with every operation in turn. */
export type Load = (server: RunningServer, options: LoadOptions) => Promise<OperationResult[]>;

/** What makes a run worthless, one sentence each: requests that failed, events or pods that never came. */
export function faultsOf(results: readonly OperationResult[]): string[] {
  const bad = /FAILED|no event arrived|none was bound|\b[1-9]\d* missing|\b[1-9]\d* never bound/;
  return results.filter(({ note }) => bad.test(note ?? "")).map(({ op, note }) => `${op}: ${note}`);
}
