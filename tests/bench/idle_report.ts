import { figure, table } from "../results/table.ts";
import { describeMachine, type MachineFacts } from "./machine.ts";
import type { Usage } from "./process_usage.ts";

/** Some of the cluster's processes, at the beginning and at the end of the rest. */
export interface IdlePart {
  readonly name: "server" | "agent" | "podman" | "conmon";
  readonly processes: number;
  readonly before: Usage;
  readonly after: Usage;
}

export interface IdleFindings {
  readonly command: string;
  readonly machine: MachineFacts;
  readonly minutes: number;
  readonly pods: number;
  readonly parts: readonly IdlePart[];
  /** What the data directory grew by. */
  readonly grownKb: number;
}

interface IdleBar {
  readonly title: string;
  readonly value: number;
  readonly unit: string;
  readonly must: number;
  readonly aim?: number;
}

/** A section of BENCHMARKS.md: what a cluster at rest costs, at its bars. */
export function idleReport(findings: IdleFindings): string {
  const { command, machine, minutes, pods, parts, grownKb } = findings;
  return [
    `Command: \`${command}\` (one node, ${pods} pods at rest, ${figure(minutes)} minutes)`,
    "",
    `Machine: ${describeMachine(machine)}`,
    "",
    table(
      ["", "Coracle", "must reach", "aim", "verdict"],
      idleBars(findings).map(({ title, value, unit, must, aim }) => [
        title,
        `${figure(value)} ${unit}`,
        `≤ ${must} ${unit}`,
        aim === undefined ? "–" : `≤ ${aim} ${unit}`,
        value > must ? "MISSED" : aim !== undefined && value <= aim ? "aim" : "reached",
      ]),
    ),
    `The data directory grew by ${figure(grownKb / minutes)} KB/min. Who it was:`,
    "",
    table(
      ["process", "n", "CPU % of a core", "KB/min written", "wakeups/s", "RSS MB", "PSS MB"],
      parts.map((part) => {
        const { name, processes, after } = part;
        const { cpuPercent, writtenKb, wakeups } = perTime(part, minutes);
        const figures = [processes, cpuPercent, writtenKb, wakeups, after.rssMb, after.pssMb];
        return [name, ...figures.map(figure)];
      }),
    ),
  ].join("\n");
}

/** DESIGN: budgets of a cluster at rest. Podman's and conmon's memory is not ours to spend. */
export function idleBars({ parts, minutes }: IdleFindings): IdleBar[] {
  const total = (pick: (part: IdlePart) => number) =>
    parts.reduce((sum, part) => sum + pick(part), 0);
  const rss = (...names: IdlePart["name"][]) =>
    total((part) => names.includes(part.name) ? part.after.rssMb : 0);
  return [
    {
      title: "processor, all processes",
      value: total((part) => perTime(part, minutes).cpuPercent),
      unit: "%",
      must: 2,
      aim: 0.5,
    },
    {
      title: "written, all processes",
      value: total((part) => perTime(part, minutes).writtenKb),
      unit: "KB/min",
      must: 100,
    },
    { title: "server's memory", value: rss("server"), unit: "MB", must: 120 },
    { title: "agent's memory", value: rss("agent"), unit: "MB", must: 80 },
    { title: "memory of both", value: rss("server", "agent"), unit: "MB", must: 200 },
  ];
}

/** Processor in percent of a core, writes a minute, wakeups a second. */
function perTime({ before, after }: IdlePart, minutes: number) {
  return {
    cpuPercent: (after.cpuMs - before.cpuMs) / (minutes * 60_000) * 100,
    writtenKb: (after.writtenKb - before.writtenKb) / minutes,
    wakeups: (after.wakeups - before.wakeups) / (minutes * 60),
  };
}
