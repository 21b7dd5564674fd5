/** A flag that a command takes. */
export interface Flag {
  /** With its dashes: `--data-dir`. */
  readonly flag: string;
  /** A shorter form: `-n`. */
  readonly short?: string;
  /** What stands for the value in help, e.g. `DIR`; absent for a switch. */
  readonly value?: string;
  /** Part of a sentence, without a full stop. */
  readonly help: string;
}

/** A command line, taken apart. */
export interface Arguments {
  /** By flag with its dashes. A switch is `true`; a flag that is given several times has its values joined by commas. */
  readonly flags: Readonly<Record<string, string>>;
  readonly positionals: readonly string[];
}

/** The command line makes no sense. The message is for the user. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Takes a command line apart: `--flag value`, `--flag=value`, switches, and everything after `--` as it is. `-h` is
 * `--help`, which every command takes. Throws UsageError that names the argument at fault.
 */
export function parseArguments(argv: readonly string[], known: readonly Flag[]): Arguments {
  const flags: Record<string, string> = {};
  const positionals: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      positionals.push(...rest);
      break;
    }
    if (word === "-h") word = "--help";
    if (!word.startsWith("-") || word === "-") {
      positionals.push(word);
      continue;
    }
    const [given, inline] = split(word);
    const flag = find(given, known);
    const name = flag.flag;
    const value = valueOf(flag, inline, rest);
    flags[name] = flags[name] === undefined || value === "true" ? value : `${flags[name]},${value}`;
  }
  return { flags, positionals };
}

const help: Flag = { flag: "--help", help: "show this text" };

function find(name: string, known: readonly Flag[]): Flag {
  const flag = [...known, help].find(({ flag, short }) => flag === name || short === name);
  if (flag) return flag;
  const near = nearest(name, [...known, help].map(({ flag }) => flag));
  throw new UsageError(`unknown flag "${name}"${near ? ` (did you mean ${near}?)` : ""}`);
}

function split(word: string): [name: string, inline: string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function valueOf(flag: Flag, inline: string | undefined, rest: string[]): string {
  if (flag.value === undefined) {
    if (inline === undefined || inline === "true") return "true";
    if (inline === "false") return "false";
    throw new UsageError(`flag ${flag.flag} takes no value`);
  }
  const value = inline ?? rest.shift();
  // A forgotten value would otherwise eat the next flag; values that start so are written `--flag=-x`.
  if (value === undefined || (inline === undefined && value.startsWith("--"))) {
    throw new UsageError(`flag ${flag.flag} needs a value: ${flag.flag} ${flag.value}`);
  }
  return value;
}

/** The one of `candidates` that is at most two changes away from `word`; undefined if there is none. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ distance }) => distance <= 2)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
