/** What of a machine a node changes, as sorted lines that stay the same while nothing changes. */
export interface Footprint {
  readonly namespaces: readonly string[];
  readonly interfaces: readonly string[];
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  readonly iptables: readonly string[];
  readonly nftables: readonly string[];
  readonly mounts: readonly string[];
  readonly containers: readonly string[];
  readonly files: readonly string[];
  /** `path=value` of kernel settings. */
  readonly settings: readonly string[];
}

/** One line that is there now and was not before, or the other way round. */
export interface Difference {
  readonly part: keyof Footprint;
  readonly change: "added" | "removed";
  readonly line: string;
}

/** What changed between two looks at the machine. */
export function compareFootprints(before: Footprint, after: Footprint): Difference[] {
  return (Object.keys(after) as (keyof Footprint)[]).flatMap((part) => [
    ...minus(after[part], before[part] ?? []).map((line) => ({
      part,
      change: "added" as const,
      line,
    })),
    ...minus(before[part] ?? [], after[part])
      .map((line) => ({ part, change: "removed" as const, line })),
  ]);
}

/** Elements of `a` that are not in `b`, counting repetitions. */
function minus(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of b) left.set(line, (left.get(line) ?? 0) + 1);
  return a.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

/** What the network of a node is known by; there is one such network in a machine. */
const marks = [/\bcoracle/i, /\bKUBE-/, /kubernetes/, /\bproto 86\b/];
const network: readonly string[] = ["interfaces", "addresses", "routes", "iptables", "nftables"];

/**
 * Whether a difference is something that a node left behind, going by the names that its things bear. Others may have
 * changed the machine meanwhile, also other nodes of Coracle.
 */
export function isOurs({ part, change, line }: Difference, names: readonly string[]): boolean {
  if (change === "removed") return false;
  if (names.some((name) => line.includes(name))) return true;
  return network.includes(part) && marks.some((mark) => mark.test(line));
}

/**
 * `iptables-save` as lines `table: rule`, without counters and comments. Chains of the kernel that accept are left
 * out, because asking for a table makes them.
 */
export function iptablesLines(text: string): string[] {
  let table = "";
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) table = line.slice(1);
    const chain = /^:(\S+) (\S+)/.exec(line);
    if (chain && chain[2] !== "ACCEPT") lines.push(`${table}: chain ${chain[1]} ${chain[2]}`);
    if (line.startsWith("-A ")) lines.push(`${table}: ${line}`);
  }
  return lines.sort();
}

/** `nft list ruleset` as lines `table: chain: rule`, without counters and handles; empty tables count too. */
export function nftablesLines(text: string): string[] {
  const path: string[] = [];
  const lines: string[] = [];
  for (const raw of text.split("\n")) {
    const line = raw.trim()
      .replace(/counter packets \d+ bytes \d+/g, "counter")
      .replace(/ ?# handle \d+$/, "");
    if (line === "" || line.startsWith("#")) continue;
    if (line === "}") path.pop();
    else {
      lines.push([...path, line.replace(/ ?\{$/, "")].join(": "));
      if (line.endsWith("{")) path.push(line.slice(0, -1).trim());
    }
  }
  return lines.sort();
}

/**
 * Tables of nftables (`family name`) that were not there before and hold nothing but the kernel's chains, accepting:
 * iptables makes them when it is first used and never takes them away.
 */
export function emptyTables(before: readonly string[], after: readonly string[]): string[] {
  const tables = after.flatMap((line) => /^table (\S+ \S+)$/.exec(line)?.[1] ?? []);
  return tables.filter((table) => {
    if (before.includes(`table ${table}`)) return false;
    const inside = after.filter((line) => line.startsWith(`table ${table}: `))
      .map((line) => line.slice(`table ${table}: `.length));
    return inside.every((line) =>
      /^chain [A-Z]+$/.test(line) || /^chain [A-Z]+: type .*policy accept;$/.test(line)
    );
  });
}
