import { isPortChain } from "./chain_names.ts";
import { staticChains, type TableName, type Tables } from "./render_tables.ts";
import { type EntryRule, entryRules } from "./entry_rules.ts";

/** What the kernel holds of one table. */
export interface SavedTable {
  /** Chains that a proxy made, with their number of rules. */
  readonly ours: ReadonlyMap<string, number>;
  /** The rules (`-A …`) of every other chain, in order. */
  readonly others: ReadonlyMap<string, readonly string[]>;
}

export type SavedRules = Readonly<Record<TableName, SavedTable>>;

/** Reads what `iptables-save` prints. */
export function parseSave(output: string): SavedRules {
  const tables: Record<TableName, { ours: Map<string, number>; others: Map<string, string[]> }> = {
    nat: { ours: new Map(), others: new Map() },
    filter: { ours: new Map(), others: new Map() },
  };
  let name: TableName | undefined;
  for (const line of output.split("\n")) {
    const kind = line[0];
    if (kind === "*") {
      const table = line.slice(1).trim();
      name = table === "nat" || table === "filter" ? table : undefined;
    }
    if (!name || (kind !== ":" && kind !== "-")) continue;
    const { ours, others } = tables[name];
    const chain = kind === ":" ? line.slice(1).split(" ", 1)[0]! : line.split(" ", 2)[1]!;
    const rules = kind === ":" ? 0 : 1;
    if (isOurs(name, chain)) ours.set(chain, (ours.get(chain) ?? 0) + rules);
    else if (rules === 1) others.set(chain, [...others.get(chain) ?? [], line]);
  }
  return tables;
}

function isOurs(table: TableName, chain: string): boolean {
  return staticChains[table].includes(chain) || (table === "nat" && isPortChain(chain));
}

/** The chain that a rule jumps to. */
export function targetOf(rule: string): string | undefined {
  return rule.match(/ -[jg] (\S+)/)?.[1];
}

/** Whether `rules` of a kernel's chain leads to our chain as `entry` wants it. */
function leadsTo(rule: string | undefined, entry: EntryRule): boolean {
  return rule !== undefined && targetOf(rule) === entry.target;
}

/** The entry rules of one kernel's chain that lack, or all of the leading ones if something got before them. */
export function missingEntries(saved: SavedRules, table: TableName, chain: string): EntryRule[] {
  const rules = saved[table].others.get(chain) ?? [];
  const wanted = entryRules.filter((entry) => entry.table === table && entry.chain === chain);
  const leading = wanted.filter(({ place }) => place === "first");
  const inPlace = leading.every((entry, i) => leadsTo(rules[i], entry));
  const present = wanted.filter((entry) =>
    entry.place === "present" && !rules.some((rule) => leadsTo(rule, entry))
  );
  return [...(inPlace ? [] : leading), ...present];
}

/** Whether the kernel still has all of `tables`, and the ways into them. */
export function isIntact(saved: SavedRules, tables: Tables): boolean {
  const chains = (["nat", "filter"] as const).every((table) =>
    Array.from(tables[table]).every(([chain, text]) =>
      saved[table].ours.get(chain) === text.split("\n").length - 1
    )
  );
  return chains &&
    entryRules.every(({ table, chain }) => missingEntries(saved, table, chain).length === 0);
}
