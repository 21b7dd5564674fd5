import { entryRules } from "./entry_rules.ts";
import type { TableName, Tables } from "./render_tables.ts";
import { missingEntries, type SavedRules, targetOf } from "./saved_rules.ts";

const tableNames: readonly TableName[] = ["nat", "filter"];

/** Input for `iptables-restore --noflush` that turns `before` into `after`; undefined if they are the same. */
export function renderChanges(before: Tables, after: Tables): string | undefined {
  const sections = tableNames.map((table) => changesOf(table, before[table], after[table]));
  return join(sections);
}

/**
 * The same when only what the kernel holds is known: writes every chain, removes those that no Service has any
 * more, and puts the entry rules in their places.
 */
export function renderAll(saved: SavedRules, after: Tables): string {
  return join(tableNames.map((table) => {
    const stale = [...saved[table].ours.keys()].filter((chain) => !after[table].has(chain));
    return section(table, {
      declare: [...after[table].keys(), ...stale],
      rules: [...after[table].values(), ...entryChanges(saved, table)],
      remove: stale,
    });
  }))!;
}

/** Input that removes all chains of ours and the rules that lead to them; undefined if there is nothing. */
export function renderCleanup(saved: SavedRules): string | undefined {
  return join(tableNames.map((table) => {
    const chains = [...saved[table].ours.keys()];
    const ways = [...saved[table].others.values()].flat()
      .filter((rule) => saved[table].ours.has(targetOf(rule) ?? ""));
    if (chains.length === 0) return undefined;
    return section(table, { declare: chains, rules: ways.map(deletion), remove: chains });
  }));
}

interface Section {
  /** Chains that are emptied by being named, and made if they are new. */
  readonly declare: readonly string[];
  /** Lines, each with its newline. */
  readonly rules: readonly string[];
  readonly remove: readonly string[];
}

function changesOf(
  table: TableName,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string | undefined {
  const written = Array.from(after).filter(([chain, text]) => before.get(chain) !== text);
  const stale = [...before.keys()].filter((chain) => !after.has(chain));
  if (written.length === 0 && stale.length === 0) return undefined;
  return section(table, {
    declare: [...written.map(([chain]) => chain), ...stale],
    rules: written.map(([, text]) => text),
    remove: stale,
  });
}

function section(table: TableName, { declare, rules, remove }: Section): string {
  return [
    `*${table}\n`,
    ...declare.map((chain) => `:${chain} - [0:0]\n`),
    ...rules,
    ...remove.map((chain) => `-X ${chain}\n`),
    "COMMIT\n",
  ].join("");
}

function entryChanges(saved: SavedRules, table: TableName): string[] {
  const lines: string[] = [];
  const chains = new Set(entryRules.filter((entry) => entry.table === table).map((e) => e.chain));
  for (const chain of chains) {
    const missing = missingEntries(saved, table, chain);
    const targets = new Set(missing.map(({ target }) => target));
    const misplaced = (saved[table].others.get(chain) ?? [])
      .filter((rule) => targets.has(targetOf(rule) ?? ""));
    lines.push(...misplaced.map(deletion));
    const leading = entryRules.filter((entry) =>
      entry.table === table && entry.chain === chain && entry.place === "first"
    ).length;
    missing.forEach(({ match, target, place }, i) => {
      const at = place === "first" ? i + 1 : leading + 1;
      lines.push(`-I ${chain} ${at} ${match} -j ${target}\n`);
    });
  }
  return lines;
}

/** `iptables-save` prints rules in the form in which they can be deleted. */
function deletion(rule: string): string {
  return `-D${rule.slice(2)}\n`;
}

function join(sections: readonly (string | undefined)[]): string | undefined {
  const present = sections.filter((each) => each !== undefined);
  return present.length > 0 ? present.join("") : undefined;
}
