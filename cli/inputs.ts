import { UsageError } from "../shared/config/arguments.ts";
import { configFlag } from "../shared/config/command_line.ts";
import type { ConfigFile } from "../shared/config/settings.ts";
import { absolute } from "./layout.ts";

/** The configuration file that `--config` names, if any. Throws UsageError if it cannot be read. */
export function configFileOf(flags: Readonly<Record<string, string>>): ConfigFile | undefined {
  const path = flags[configFlag.flag];
  if (path === undefined) return undefined;
  try {
    return { path, text: Deno.readTextFileSync(path) };
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** Makes a directory (for us alone) if there is none; resolves to its absolute path without links. */
export async function ensureDirectory(path: string): Promise<string> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    return await Deno.realPath(path);
  } catch (error) {
    const where = absolute(path, Deno.cwd());
    throw new Error(`Cannot use directory ${where}: ${reasonOf(error)}`);
  }
}

/** The flag of commands that only need to find an installation. */
export const dataDirFlag = {
  flag: "--data-dir",
  value: "DIR",
  help: "directory of all state (default: /var/lib/coracle)",
} as const;

/** The absolute path that `--data-dir` names. */
export function dataDirOf(flags: Readonly<Record<string, string>>): string {
  return absolute(flags[dataDirFlag.flag] ?? "/var/lib/coracle", Deno.cwd());
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file or directory";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  return (error as Error).message;
}
