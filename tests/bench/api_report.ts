import { figure, table } from "../results/table.ts";
import type { Bar } from "./bars.ts";
import type { Figures } from "./figures.ts";
import { judge, judgementTable } from "./judge.ts";
import { describeMachine, type MachineFacts } from "./machine.ts";

export interface ApiFindings {
  readonly bars: readonly Bar[];
  readonly command: string;
  readonly rounds: number;
  readonly machine: MachineFacts;
  readonly own: Figures;
  readonly reference: Figures | undefined;
  /** Why there is no reference, or "". */
  readonly why: string;
}

/** A section of BENCHMARKS.md: the figures at their bars, and what every operation cost. */
export function apiReport(findings: ApiFindings): string {
  const { bars, command, rounds, machine, own, reference, why } = findings;
  const judgements = judge(bars, { own, reference });
  const missed = judgements.filter(({ verdict }) => verdict === "MISSED").length;
  const open = judgements.filter(({ verdict }) => verdict === "open").length;
  return [
    `Command: \`${command}\` (${rounds === 1 ? "one round" : `medians of ${rounds} rounds`})`,
    "",
    `Machine: ${describeMachine(machine)}`,
    "",
    ...(reference ? [] : [`Coracle alone was measured: ${why}.`, ""]),
    judgementTable(judgements),
    `${judgements.length - missed - open} bars reached, ${missed} missed, ${open} open.`,
    "",
    "What each operation took; processor time is that of server and store:",
    "",
    operationTable(own, reference),
  ].join("\n");
}

const columns: readonly [measure: string, title: string][] = [
  ["rate", "1/s"],
  ["p50", "p50 ms"],
  ["p99", "p99 ms"],
  ["cpu", "CPU ms"],
];

/** All operations of both, side by side. */
function operationTable(own: Figures, reference: Figures | undefined): string {
  const operations = Object.keys(own).filter((name) => name.endsWith("/rate"))
    .map((name) => name.slice(0, -"/rate".length));
  const cells = (figures: Figures, operation: string) =>
    columns.map(([measure]) => figure(figures[`${operation}/${measure}`] ?? NaN));
  const header = (whose: string) => columns.map(([, title]) => `${whose} ${title}`);
  return table(
    ["operation", ...(reference ? header("reference") : []), ...header("Coracle")],
    operations.map((operation) => [
      operation,
      ...(reference ? cells(reference, operation) : []),
      ...cells(own, operation),
    ]),
  );
}
