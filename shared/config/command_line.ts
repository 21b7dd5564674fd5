import { parseArguments } from "./arguments.ts";
import type { ConfigFile, Setting } from "./settings.ts";

/** The flag that names a configuration file, for every command that has settings. */
export const configFlag = {
  flag: "--config",
  value: "FILE",
  help: "YAML file with the same settings",
} as const;

/** Flags and configuration file of a command line. Throws UsageError or the file system's error. */
export function readCommandLine(
  argv: readonly string[],
  settings: readonly Setting[],
): { readonly flags: Readonly<Record<string, string>>; readonly file?: ConfigFile } {
  const { flags } = parseArguments(argv, [...settings, configFlag]);
  const path = flags[configFlag.flag];
  if (path === undefined) return { flags };
  return { flags, file: { path, text: Deno.readTextFileSync(path) } };
}
