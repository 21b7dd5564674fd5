import assert from "node:assert/strict";
import { Recorder } from "../../../control/storage/contract_suite.ts";
import type { Change, Revision, Storage, Stored } from "../../../control/storage/storage.ts";
import type { Random } from "../../../shared/clock/random.ts";

/** A write that the child said was acknowledged. */
export interface Acknowledged {
  readonly type: string;
  readonly key: string;
  readonly revision: number;
  readonly number: string;
}

/** What a check of a store came to. */
export interface StoreFindings {
  /** Watches resumed. */
  readonly watches: number;
  /** All changes that the store still tells of, in order: acknowledged or not, from now on they are there. */
  readonly changes: readonly Acknowledged[];
}

/** Watches resumed per store, each from another acknowledged revision. */
const RESUMED = 12;

/**
 * Holds a store, as it was found, against all that was acknowledged before: every acknowledged write is there or was
 * replaced by a newer one of its key (leases may be older), every value is whole, and a watch resumed from any
 * acknowledged revision sees what followed, once, in order, with what was there before.
 */
export async function checkStore(
  storage: Storage,
  acknowledged: readonly Acknowledged[],
  random: Random,
): Promise<StoreFindings> {
  const compacted = storage.compacted();
  const all = await changesAfter(storage, compacted);
  const base = (await storage.list("", { revision: compacted })).items;
  const now = (await storage.list("")).items;
  checkChain(base, all, now);
  for (const item of [...base, ...now, ...all]) checkWhole(item);
  checkAcknowledged(storage, acknowledged, all);
  const newest = acknowledged.reduce((last, { revision }) => Math.max(last, revision), 0);
  assert.ok(storage.revision() >= newest, `revision ${storage.revision()} below ${newest}`);
  const known = acknowledged.filter(({ revision }) => revision >= compacted);
  for (let i = 0; i < Math.min(RESUMED, known.length); i++) {
    const { revision } = known[Math.floor(random.float() * known.length)]!;
    const seen = await changesAfter(storage, revision as Revision);
    assert.deepEqual(seen.map(line), all.filter((one) => one.revision > revision).map(line));
  }
  const changes = all.map((change) => {
    const { type, key, revision } = change;
    return { type, key, revision, number: numberOf(change) };
  });
  return { watches: Math.min(RESUMED, known.length), changes };
}

async function changesAfter(storage: Storage, after: Revision): Promise<readonly Change[]> {
  const seen = new Recorder();
  (await storage.watch("", after, seen))();
  return seen.all;
}

/** The changes lead from one state to the other, in order, and each knows what it replaced. */
function checkChain(
  base: readonly Stored[],
  changes: readonly Change[],
  now: readonly Stored[],
): void {
  const state = new Map(base.map((item) => [item.key, `${item.revision} ${numberOf(item)}`]));
  let last = 0;
  for (const change of changes) {
    const { type, key, revision, previous } = change;
    assert.ok(revision > last, `${line(change)} after ${last}`);
    last = revision;
    const before = previous && `${previous.revision} ${numberOf(previous)}`;
    assert.equal(before, state.get(key), `what ${line(change)} says was there before`);
    if (type === "put") state.set(key, `${revision} ${numberOf(change)}`);
    else state.delete(key);
  }
  const found = now.map((item) => [item.key, `${item.revision} ${numberOf(item)}`]);
  assert.deepEqual(new Map(found as [string, string][]), state);
}

function checkAcknowledged(
  storage: Storage,
  acknowledged: readonly Acknowledged[],
  changes: readonly Change[],
): void {
  const byRevision = new Map(changes.map((change) => [change.revision as number, change]));
  const newest = new Map(changes.map((change) => [change.key, change.revision as number]));
  const last = new Map(acknowledged.map((one) => [one.key, one]));
  for (const one of acknowledged) {
    const { type, key, revision, number } = one;
    if (key.startsWith("/lease/")) continue;
    if (revision > storage.compacted()) {
      const change = byRevision.get(revision);
      assert.ok(change, `${type} ${key}@${revision} was acknowledged and is gone`);
      assert.deepEqual([change.type, change.key, numberOf(change)], [type, key, number]);
    }
    if (last.get(key) !== one || (newest.get(key) ?? 0) > revision) continue;
    const found = storage.get(key);
    assert.equal(found?.revision, type === "put" ? revision : undefined, `${type} ${key}`);
  }
}

/** The value says how long it is. */
function checkWhole({ key, value }: { readonly key: string; readonly value: Uint8Array }): void {
  assert.equal(value.length, Number(head(value)[1]), `the size of ${key}`);
}

function line(change: Change): string {
  const { type, key, revision } = change;
  return `${type} ${key}@${revision} ${numberOf(change)}`;
}

function numberOf({ value }: { readonly value: Uint8Array }): string {
  return head(value)[0] ?? "";
}

const decoder = new TextDecoder();

function head(value: Uint8Array): string[] {
  return decoder.decode(value.subarray(0, 40)).split(" ");
}
