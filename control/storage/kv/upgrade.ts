import type { Revision } from "../storage.ts";
import {
  compactedKey,
  logPrefix,
  MAX_VALUES_PER_COMMIT,
  type Medium,
  reservedKey,
  revisionBytes,
  segmentKey,
} from "./layout.ts";
import { StoreFault } from "./open_error.ts";
import { readSegment, withCover } from "./segment.ts";

/**
 * Makes the log of a store of format 1 or 2 one of format 3: its segments say what they cover, and its revisions have
 * checksums. What its head says is left to the caller. May be interrupted anywhere and done again.
 */
export async function upgradeLog(medium: Medium): Promise<void> {
  for (const key of [compactedKey, reservedKey]) {
    const { value } = await medium.get(key);
    if (typeof value === "number") {
      await medium.atomic().set(key, revisionBytes(value as Revision)).commit();
    }
  }
  const firsts: Revision[] = [];
  for await (const { key } of medium.list({ prefix: logPrefix })) firsts.push(key[1] as Revision);
  for (let at = 0; at < firsts.length; at += MAX_VALUES_PER_COMMIT) {
    const commit = medium.atomic();
    for (let i = at; i < Math.min(at + MAX_VALUES_PER_COMMIT, firsts.length); i++) {
      const key = segmentKey(firsts[i]!);
      const { value } = await medium.get<Uint8Array>(key);
      if (!(value instanceof Uint8Array)) throw new StoreFault("Corrupt", "the file is damaged");
      const next = firsts[i + 1];
      const last = next === undefined ? lastOf(value) : next - 1 as Revision;
      // The first answers for all that came before it.
      if (i === 0) commit.delete(key);
      commit.set(i === 0 ? segmentKey(1 as Revision) : key, withCover(value, last));
    }
    await commit.commit();
  }
}

function lastOf(bytes: Uint8Array): Revision {
  const { last, records } = readSegment(bytes);
  return last ?? records.at(-1)!.revision;
}
