/** A copy of what JSON can say, sharing nothing with it. Several times faster than `structuredClone`. */
export function cloneJson<T>(value: T): T {
  return clone(value) as T;
}

function clone(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(clone);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const child = clone((value as Record<string, unknown>)[key]);
    // Set like any other, this name would become the copy's prototype.
    if (key === "__proto__") Object.defineProperty(copy, key, { ...ordinary, value: child });
    else copy[key] = child;
  }
  return copy;
}

const ordinary = { configurable: true, enumerable: true, writable: true } as const;
