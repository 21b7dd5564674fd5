import type { LabelSelector } from "../meta/types.gen.ts";

/** A label selector as tables show it, e.g. `app=a,tier in (x,y)`; `<none>` if it has no requirement. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  const parts: { key: string; text: string }[] = [];
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) {
    parts.push({ key, text: `${key}=${value}` });
  }
  for (const { key, operator, values } of selector?.matchExpressions ?? []) {
    const set = `(${[...values ?? []].sort().join(",")})`;
    switch (operator) {
      case "In":
        parts.push({ key, text: `${key} in ${set}` });
        break;
      case "NotIn":
        parts.push({ key, text: `${key} notin ${set}` });
        break;
      case "Exists":
        parts.push({ key, text: key });
        break;
      case "DoesNotExist":
        parts.push({ key, text: `!${key}` });
        break;
      default:
        return "<error>";
    }
  }
  if (parts.length === 0) return "<none>";
  return parts.sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0).map((p) => p.text).join(
    ",",
  );
}

/** Labels as tables show them, sorted by key; `<none>` if there are none. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length === 0 ? "<none>" : keys.map((key) => `${key}=${labels![key]}`).join(",");
}
