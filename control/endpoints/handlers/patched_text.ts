type Values = Readonly<Record<string, unknown>>;

/**
 * The JSON of a patched document as the reference quotes it: objects that the patch went into have their keys sorted, all
 * others are as they were. `after` shares with `before` what the patch did not touch.
 */
export function patchedText(before: unknown, after: unknown): string {
  return JSON.stringify(entered(before, after));
}

function entered(before: unknown, after: unknown): unknown {
  if (before === after) return after;
  if (Array.isArray(before) && Array.isArray(after)) {
    return after.map((item, i) => entered(before[i], item));
  }
  if (!isValues(before) || !isValues(after)) return after;
  const keys = Object.keys(after).sort();
  return Object.fromEntries(keys.map((key) => [key, entered(before[key], after[key])]));
}

function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
