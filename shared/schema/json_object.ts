/** A JSON object: neither null nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets any key, also `__proto__`, which in JSON is an ordinary one. */
export function setKey(out: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") defineKey(out, key, value);
  else out[key] = value;
}

/** Whether more than `count` keys have a value other than undefined. */
export function hasMoreKeys(value: Readonly<Record<string, unknown>>, count: number): boolean {
  let found = 0;
  for (const key in value) {
    if (value[key] !== undefined && ++found > count) return true;
  }
  return false;
}

/** The keys in the order in which Go writes a map. */
export function sortedKeys(value: Readonly<Record<string, unknown>>): string[] {
  const keys = Object.keys(value);
  for (let i = 1; i < keys.length; i++) {
    if (keys[i - 1]! > keys[i]!) return keys.sort();
  }
  return keys;
}

function defineKey(out: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(out, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
