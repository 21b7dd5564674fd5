import type { Check, CheckResult } from "../checks/check.ts";
import { closingLine, resultOf, resultOfReport, sum } from "../checks/check.ts";
import { projectChecks } from "../checks/project_checks.ts";
import type { Command } from "../command.ts";
import { Steps } from "../steps.ts";

/** `coracle test`: every check that the project has. */
export const test: Command = {
  name: "test",
  usage: "",
  summary: "run every check of a checkout",
  description:
    "Checks format, rules and types, and runs all tests: unit, integration and, on real nodes, end to end. The last line " +
    "counts them; each skipped test is named with its reason.",
  flags: [],
  async run(_input, { program, clock, print }) {
    if (program.kind !== "source") {
      throw new Error("Cannot run the checks: they come with a checkout, not with a bundle");
    }
    const directory = await Deno.makeTempDir({ prefix: "coracle-test-" });
    const steps = new Steps(clock, print);
    const results: CheckResult[] = [];
    try {
      for (const check of projectChecks(program, directory)) {
        await steps.step(async () => {
          const result = await runCheck(check, program.root);
          results.push(result);
          return `${check.name}: ${closingLine(result.counts)}`;
        });
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
    for (const name of results.flatMap(({ skipped }) => skipped)) print(`skipped: ${name}`);
    for (const name of results.flatMap(({ failed }) => failed)) print(`FAILED: ${name}`);
    const total = sum(results);
    print(closingLine(total));
    return total.failed === 0 ? 0 : 1;
  },
};

/** Its output goes where ours goes. */
async function runCheck(check: Check, cwd: string): Promise<CheckResult> {
  const { name, program, args, report } = check;
  const { success } = await new Deno.Command(program, { args: [...args], cwd, stdin: "null" })
    .spawn()
    .status;
  if (report === undefined) return resultOf(name, success);
  const xml = await Deno.readTextFile(report).catch(() => "");
  return resultOfReport(name, xml, success);
}
