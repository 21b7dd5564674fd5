import type { PodTemplateSpec } from "../../../shared/api/core/v1/types.gen.ts";

const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/**
 * A short name for the content of a template: FNV-1a over its JSON with sorted keys, written in letters that make no
 * words. `collisionCount` gives another name after another template had the same.
 */
export function templateHash(template: PodTemplateSpec, collisionCount = 0): string {
  let text = canonical(template);
  if (collisionCount > 0) text += `#${collisionCount}`;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return Array.from(String(hash >>> 0), (digit) => alphabet[digit.charCodeAt(0) % 27]).join("");
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    const sorted = Object.entries(part).filter(([, v]) => v !== undefined && v !== null)
      .sort(([a], [b]) => a < b ? -1 : 1);
    return Object.fromEntries(sorted);
  });
}
