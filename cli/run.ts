import { nearest, parseArguments, UsageError } from "../shared/config/arguments.ts";
import { ConfigError } from "../shared/config/settings.ts";
import { describe } from "../shared/log/log.ts";
import type { Command, Context } from "./command.ts";
import { commands } from "./commands/mod.ts";
import { commandHelp, overview } from "./help.ts";

/**
 * Does what a command line says. Resolves to the exit code: 0, 1 if it could not be done, 2 if the command line or the
 * configuration makes no sense; then one line on standard error says why.
 */
export async function runCommandLine(argv: readonly string[], context: Context): Promise<number> {
  const [name, ...rest] = argv;
  try {
    if (name === undefined || ["help", "--help", "-h"].includes(name)) {
      context.print(rest[0] === undefined ? overview(commands) : commandHelp(commandOf(rest[0])));
      return 0;
    }
    const command = commandOf(name === "--version" ? "version" : name);
    return await runCommand(command, rest, context);
  } catch (error) {
    const isUsage = error instanceof UsageError || error instanceof ConfigError;
    context.printError(`coracle: ${oneLine(describe(error))}${isUsage ? hintFor(name) : ""}`);
    return isUsage ? 2 : 1;
  }
}

async function runCommand(
  command: Command,
  argv: readonly string[],
  context: Context,
): Promise<number> {
  const input = parseArguments(argv, command.flags);
  if (input.flags["--help"] === "true") {
    context.print(commandHelp(command));
    return 0;
  }
  const extra = input.positionals[command.maxWords ?? 0];
  if (extra !== undefined) throw new UsageError(`unexpected word "${extra}"`);
  return await command.run(input, context);
}

function commandOf(name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found) return found;
  const near = nearest(name, commands.map((command) => command.name));
  throw new UsageError(`unknown command "${name}"${near ? ` (did you mean ${near}?)` : ""}`);
}

function hintFor(name: string | undefined): string {
  const known = commands.some((command) => command.name === name);
  return known ? ` (see coracle ${name} --help)` : " (see coracle --help)";
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
