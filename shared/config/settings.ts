import { parse } from "yaml";

/** What a setting may be. */
export type SettingValue = string | number | boolean | readonly string[];

/** One setting of a program: its key in the configuration file, its flag, and what it accepts. */
export interface Setting<Key extends string = string> {
  readonly key: Key;
  readonly flag: string;
  /** What stands for the value in help, e.g. `DIR`; absent for a switch. */
  readonly value?: string;
  /** Its type is the type of the setting. */
  readonly default: SettingValue;
  readonly help: string;
  /** The value names a file or directory ("" for none); relative ones are those of the command's own directory. */
  readonly path?: true;
  /** Undefined if the value (of a list: one item) will do, else what it must be. */
  check?(value: string): string | undefined;
}

/** Bad settings. The message names the key or flag and says what it must be. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** A configuration file as it was read. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Joins defaults, the configuration file (YAML, keys of the settings) and flags (by flag with dashes), the later
 * winning. Throws ConfigError for an unknown key, a value that will not do, or text that is not YAML.
 */
export function readSettings<Config>(
  settings: readonly Setting<keyof Config & string>[],
  flags: Readonly<Record<string, string>>,
  file?: ConfigFile,
): Config {
  const fromFile = file ? readFile(file, settings) : {};
  const values = settings.map((setting) => {
    const { key, flag } = setting;
    if (flags[flag] !== undefined) return [key, convert(setting, flags[flag], flag)];
    if (fromFile[key] !== undefined) {
      return [key, convert(setting, fromFile[key], `${key} in ${file!.path}`)];
    }
    return [key, setting.default];
  });
  return Object.fromEntries(values) as Config;
}

/** The flags that give `config`, leaving out what is the default anyway: for handing it to another process. */
export function flagsOf<Config extends object>(
  settings: readonly Setting<keyof Config & string>[],
  config: Config,
): string[] {
  return settings.flatMap(({ key, flag, default: standard }) => {
    const value = config[key as keyof Config];
    if (String(value) === String(standard)) return [];
    return [`${flag}=${Array.isArray(value) ? value.join(",") : value}`];
  });
}

/** The configuration with every path made absolute, for a process that may run elsewhere. */
export function withAbsolutePaths<Config extends object>(
  settings: readonly Setting<keyof Config & string>[],
  config: Config,
  absolute: (path: string) => string,
): Config {
  const paths = settings.filter(({ path }) => path).map(({ key }) => key as keyof Config);
  const named = paths.filter((key) => config[key] !== "");
  return {
    ...config,
    ...Object.fromEntries(named.map((key) => [key, absolute(String(config[key]))])),
  };
}

/** For `check`: an IPv4 network. */
export function isCidr(value: string): string | undefined {
  const [address = "", bits = ""] = value.split("/");
  const octets = address.split(".");
  const fine = octets.length === 4 && octets.every((octet) => isWhole(octet, 0, 255)) &&
    isWhole(bits, 0, 32);
  return fine ? undefined : "an IPv4 network such as 10.96.0.0/12";
}

/** For `check`: one of a few words. */
export function isOneOf(allowed: readonly string[]): (value: string) => string | undefined {
  return (value) => allowed.includes(value) ? undefined : `one of ${allowed.join(", ")}`;
}

/** For `check`: a whole number within bounds. */
export function isBetween(low: number, high: number): (value: string) => string | undefined {
  return (value) => isWhole(value, low, high) ? undefined : `a whole number from ${low} to ${high}`;
}

function isWhole(text: string, low: number, high: number): boolean {
  return /^\d{1,15}$/.test(text) && Number(text) >= low && Number(text) <= high;
}

function readFile(
  { path, text }: ConfigFile,
  settings: readonly Setting[],
): Partial<Record<string, string>> {
  let document: unknown;
  try {
    document = parse(text) ?? {};
  } catch (error) {
    throw new ConfigError(`Cannot read ${path}: ${(error as Error).message.split("\n")[0]}`);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new ConfigError(`Cannot use ${path}: it must be a map of settings`);
  }
  const known = settings.map(({ key }) => key);
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => {
      if (!known.includes(key)) {
        throw new ConfigError(
          `Cannot use ${path}: unknown key "${key}" (known: ${known.join(", ")})`,
        );
      }
      return [key, textOf(value, `${key} in ${path}`)];
    }),
  );
}

function textOf(value: unknown, place: string): string {
  if (Array.isArray(value)) return value.map((item) => textOf(item, place)).join(",");
  if (value === null) return "";
  if (typeof value !== "object") return String(value);
  throw new ConfigError(`Cannot use ${place}: it must be a single value or a list of values`);
}

function convert(setting: Setting, given: string, place: string): SettingValue {
  const isList = Array.isArray(setting.default);
  const items = isList ? given.split(",").map((item) => item.trim()).filter(Boolean) : [given];
  for (const item of items) {
    const wanted = typeof setting.default === "boolean"
      ? isOneOf(["true", "false"])(item)
      : setting.check?.(item);
    if (wanted !== undefined) {
      throw new ConfigError(`Cannot use ${place}: "${item}" is not ${wanted}`);
    }
  }
  if (isList) return items;
  if (typeof setting.default === "boolean") return given === "true";
  return typeof setting.default === "number" ? Number(given) : given;
}
