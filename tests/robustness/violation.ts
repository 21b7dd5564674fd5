import type { ListOperation } from "./history.ts";

/** One broken promise. */
export interface Violation {
  readonly property: string;
  readonly detail: string;
}

/**
 * Whether a question about a revision was refused without reason. That one answered although its revision was
 * forgotten is no harm if the answer is right, and that is held against the log.
 */
export function checkRefusal(
  asked: Pick<ListOperation, "code" | "revisionAtCall" | "compactedAtEnd">,
  revision: number | undefined,
): string | undefined {
  const { code, revisionAtCall, compactedAtEnd = Infinity } = asked;
  if (revision === undefined) return code === "Compacted" || code === "Future" ? code : undefined;
  if (code === "Compacted" && revision >= compactedAtEnd) {
    return `was refused as compacted at ${compactedAtEnd}`;
  }
  if (code === "Future" && revision <= revisionAtCall) {
    return `was refused as later than ${revisionAtCall}`;
  }
  return undefined;
}
