import type { Program } from "../program.ts";
import type { Check } from "./check.ts";

/** Folders with tests beside the code, and those with tests alone. */
const unit = ["shared", "control", "node", "cli", "tools", "tests/integration"];
const endToEnd = "tests/e2e";

/** Every check that the project has, in the order of their cost. Reports go below `directory`. */
export function projectChecks({ deno, root }: Program, directory: string): Check[] {
  const tests = (name: string, paths: readonly string[]): Check => {
    const report = `${directory}/${name.replaceAll(" ", "-")}.xml`;
    const args = ["test", "-A", "--no-check", `--junit-path=${report}`, "--permit-no-files"];
    return {
      name,
      program: deno,
      report,
      args: [...args, ...paths.map((path) => `${root}/${path}`)],
    };
  };
  return [
    { name: "format", program: deno, args: ["fmt", "--check", "--quiet"] },
    { name: "lint", program: deno, args: ["lint", "--quiet"] },
    { name: "types", program: deno, args: ["check", "--quiet", "."] },
    {
      name: "import cycles",
      program: deno,
      args: ["run", "--quiet", "--allow-read", `${root}/tools/check_cycles.ts`],
    },
    tests("unit and integration tests", unit),
    tests("end-to-end tests", [endToEnd]),
  ];
}
