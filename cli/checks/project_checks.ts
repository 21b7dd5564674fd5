import type { Program } from "../program.ts";
import type { Check } from "./check.ts";

/** Checks that are one task of deno.json each, the cheapest first. */
const tasks: readonly (readonly [name: string, ...task: string[]])[] = [
  ["format", "fmt", "--check"],
  ["rules", "lint"],
  ["import cycles", "cycles"],
  ["types", "check"],
];

/** Every check that the project has. Reports go below `directory`. */
export function projectChecks({ deno, root }: Program, directory: string): Check[] {
  const report = (name: string) => `${directory}/${name}.xml`;
  const tests = ["test", "-A", "--no-check", "--permit-no-files"];
  return [
    ...tasks.map(([name, ...task]) => ({
      name,
      program: deno,
      args: ["task", "--quiet", ...task],
    })),
    {
      name: "unit and integration tests",
      program: deno,
      args: ["task", "--quiet", "test", `--junit-path=${report("unit")}`],
      report: report("unit"),
    },
    {
      // Nodes and clusters of their own: one after another, so that what is timed is not disturbed.
      name: "end-to-end tests",
      program: deno,
      args: [...tests, `--junit-path=${report("e2e")}`, `${root}/tests/e2e`],
      report: report("e2e"),
    },
  ];
}
