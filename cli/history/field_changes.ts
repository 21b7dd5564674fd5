/** One field that two states of an object do not have in common. */
export interface FieldChange {
  /** Such as `spec.template.spec.containers[web].image`. */
  readonly path: string;
  /** Absent: the field was not there. */
  readonly before?: unknown;
  /** Absent: the field is not there any more. */
  readonly after?: unknown;
}

/** What changes with every write, or says who wrote: no news of its own. */
const bookkeeping = new Set([
  "metadata.managedFields",
  "metadata.resourceVersion",
  "metadata.generation",
]);
/** What tells the items of a list from one another, the first that all of them have. */
const identities = ["name", "type", "key", "uid", "ip", "containerPort", "port"];

/** The fields by which two states differ, in the order of the fields; bookkeeping is left out. */
export function fieldChanges(before: unknown, after: unknown): FieldChange[] {
  const found: FieldChange[] = [];
  compare("", before, after, found);
  return found;
}

function compare(path: string, before: unknown, after: unknown, found: FieldChange[]): void {
  if (bookkeeping.has(path)) return;
  const a = partsOf(before, after);
  const b = partsOf(after, before);
  if (!a || !b) {
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    found.push({
      path,
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
    });
    return;
  }
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const below = name.startsWith("[") ? `${path}${name}` : path === "" ? name : `${path}.${name}`;
    compare(below, a.get(name), b.get(name), found);
  }
}

/** The parts of a value that can be compared one by one; undefined if it is compared as a whole. */
function partsOf(value: unknown, other: unknown): ReadonlyMap<string, unknown> | undefined {
  if (Array.isArray(value)) return Array.isArray(other) ? itemsOf(value, other) : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  if (typeof other !== "object" || other === null || Array.isArray(other)) return undefined;
  return new Map(Object.entries(value).map(([name, part]) => [quoted(name), part]));
}

function itemsOf(
  list: readonly unknown[],
  other: readonly unknown[],
): ReadonlyMap<string, unknown> | undefined {
  const identity = identities.find((field) => isIdentity(list, field) && isIdentity(other, field));
  if (identity === undefined) return undefined;
  return new Map(list.map((item) => [`[${fieldOf(item, identity)}]`, item]));
}

function isIdentity(list: readonly unknown[], field: string): boolean {
  const values = list.map((item) => fieldOf(item, field));
  const plain = values.every((value) => typeof value === "string" || typeof value === "number");
  return plain && new Set(values).size === values.length;
}

function fieldOf(item: unknown, field: string): unknown {
  return typeof item === "object" && item !== null
    ? (item as Record<string, unknown>)[field]
    : undefined;
}

/** A label or annotation has dots of its own: `labels["app.kubernetes.io/name"]`. */
function quoted(name: string): string {
  return /^[\w-]+$/.test(name) ? name : `[${JSON.stringify(name)}]`;
}
