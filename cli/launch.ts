import type { Context } from "./command.ts";
import { environment } from "./processes/processes.ts";

/** Set by the launcher: it will itself become the program that it is told, so that no process of ours stays in between. */
const EXEC = "CORACLE_EXEC";
/** Tells the launcher that standard output is a command line to become. */
export const EXEC_CODE = 113;

/**
 * Becomes a program, as far as we can: under the launcher its command line is handed over; otherwise it runs as our
 * child, gets our signals, and we end as it ends.
 */
export async function become(
  command: readonly string[],
  context: Pick<Context, "env" | "print">,
): Promise<number> {
  if (context.env(EXEC) === "1") {
    context.print(command.map(quote).join(" "));
    return EXEC_CODE;
  }
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, { args, clearEnv: true, env: environment() }).spawn();
  const signals = ["SIGTERM", "SIGINT"] as const;
  const pass = signals.map((signal) => () => {
    // It may have ended, or got the terminal's signal itself.
    try {
      child.kill(signal);
    } catch { /* gone */ }
  });
  signals.forEach((signal, index) => Deno.addSignalListener(signal, pass[index]!));
  const { code } = await child.status;
  signals.forEach((signal, index) => Deno.removeSignalListener(signal, pass[index]!));
  return code;
}

/** A word for the shell, whatever is in it. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
