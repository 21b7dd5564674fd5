/**
 * The command line: `coracle COMMAND [flags]`.
 *
 * @module
 */
import { systemClock } from "../shared/clock/clock.ts";
import { locateProgram } from "./program.ts";
import { runCommandLine } from "./run.ts";

if (import.meta.main) {
  Deno.exit(
    await runCommandLine(Deno.args, {
      program: locateProgram(),
      clock: systemClock,
      print: console.log,
      printError: console.error,
      env: (name) => Deno.env.get(name),
    }),
  );
}
