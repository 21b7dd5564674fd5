import { systemClock } from "../../shared/clock/clock.ts";
import { figure, table } from "../results/table.ts";
import { type Costs, measureSize } from "../scale/many_nodes.ts";
import type { BenchOptions } from "./bench_options.ts";
import { describeMachine, machineFacts } from "./machine.ts";

const SMALL = { nodes: 100, podsPerNode: 10 };
const LARGE = { nodes: 5_000, podsPerNode: 10 };
/** So much more an object may cost when there are many. */
const MOST = 2;

/** What an object costs in a large cluster beside a small one; resolves to a section of BENCHMARKS.md. */
export async function benchScale(options: BenchOptions): Promise<string> {
  const machine = describeMachine(machineFacts(options.directory, systemClock));
  // Once for nothing, so that the small case is not the one in which code is compiled.
  await measureSize(SMALL);
  const small = await measureSize(SMALL);
  const large = await measureSize(LARGE);
  return scaleReport({ command: options.command, machine, small, large });
}

/** Both costs of everything, and which grew too much. */
export function scaleReport({ command, machine, small, large }: {
  readonly command: string;
  readonly machine: string;
  readonly small: Costs;
  readonly large: Costs;
}): string {
  const title = ({ nodes, podsPerNode }: typeof SMALL) =>
    `${nodes.toLocaleString("en-US")} nodes, ${(nodes * podsPerNode).toLocaleString("en-US")} pods`;
  return [
    `Command: \`${command}\` (in one process, without HTTP, in memory; a lease and a watch for every node)`,
    "",
    `Machine: ${machine}`,
    "",
    table(
      ["CPU µs per object", title(SMALL), title(LARGE), "ratio", "must reach", "verdict"],
      Object.entries(large).map(([op, cost]) => {
        const ratio = cost / small[op]!;
        const verdict = ratio <= MOST ? "reached" : "MISSED";
        return [op, figure(small[op]!), figure(cost), `${figure(ratio)}×`, `≤ ${MOST}×`, verdict];
      }),
    ),
  ].join("\n");
}
