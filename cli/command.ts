import type { Clock } from "../shared/clock/clock.ts";
import type { Arguments, Flag } from "../shared/config/arguments.ts";
import type { Program } from "./program.ts";

/** What a command may use of the world. */
export interface Context {
  readonly program: Program;
  readonly clock: Clock;
  /** To standard output. */
  readonly print: (line: string) => void;
  /** To standard error. */
  readonly printError: (line: string) => void;
  readonly env: (name: string) => string | undefined;
}

/** One command of `coracle`. */
export interface Command {
  readonly name: string;
  /** Words after the name, e.g. `create|list|delete ID`; "" for none. */
  readonly usage: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Paragraphs for the command's own help. */
  readonly description: string;
  readonly flags: readonly Flag[];
  /** First words that make sense, for completion. */
  readonly words?: readonly string[];
  /** How many words it takes at most; default none. */
  readonly maxWords?: number;
  /** Resolves to the exit code. Throws UsageError or ConfigError (code 2) or another error (code 1), with one clear line. */
  run(input: Arguments, context: Context): Promise<number>;
}
