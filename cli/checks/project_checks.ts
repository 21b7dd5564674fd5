import type { Program } from "../program.ts";
import type { Check } from "./check.ts";

/** Every check is a task of deno.json; the cheapest come first. */
const tasks: readonly (readonly [name: string, ...task: string[]])[] = [
  ["format", "fmt", "--check"],
  ["rules", "lint"],
  ["import cycles", "cycles"],
  ["types", "check"],
];
const tests: readonly (readonly [name: string, task: string])[] = [
  ["unit and integration tests", "test"],
  ["end-to-end tests", "e2e"],
];

/** Every check that the project has. Reports go below `directory`. */
export function projectChecks({ deno }: Program, directory: string): Check[] {
  return [
    ...tasks.map(([name, ...task]) => ({
      name,
      program: deno,
      args: ["task", "--quiet", ...task],
    })),
    ...tests.map(([name, task]) => {
      const report = `${directory}/${task}.xml`;
      return {
        name,
        program: deno,
        args: ["task", "--quiet", task, `--junit-path=${report}`],
        report,
      };
    }),
  ];
}
