import assert from "node:assert/strict";
import { plantedBugs, SEEDS_PER_BUG } from "./bugs.ts";
import { run } from "./run.ts";
import { type SubjectName, subjects } from "./subject.ts";

/** Seeds of each subject in the quick suite; `deno task robustness` goes on from there. */
const seeds: Readonly<Record<SubjectName, number>> = {
  "memory": 40,
  "kv": 120,
  "deno-kv": 8,
  "cache-memory": 40,
  "cache-kv": 80,
};

/** Seeds that once found something. */
const found: readonly (readonly [string, SubjectName, number])[] = [
  ["answers a refusal when its reason can be read", "kv", 4],
  ["shows no lease past a failed write that a crash brings back", "kv", 1397],
  ["shows no lease past a failed write that a crash brings back, again", "kv", 2312],
];

for (const subject of subjects) {
  Deno.test(`${subject} keeps its promises under seeds 1 to ${seeds[subject]}`, async () => {
    for (let seed = 1; seed <= seeds[subject]; seed++) await assertKept(subject, seed);
  });
}

for (const [what, subject, seed] of found) {
  Deno.test(`${subject} ${what} (seed ${seed})`, () => assertKept(subject, seed));
}

for (const { name, subject, bug, breaks } of plantedBugs) {
  Deno.test(`a bug is found within ${SEEDS_PER_BUG} seeds: ${name}`, async () => {
    for (let seed = 1; seed <= SEEDS_PER_BUG; seed++) {
      const { violations } = await run({ subject, seed, bug });
      if (violations.some(({ property }) => breaks.includes(property))) return;
    }
    assert.fail(`none of ${SEEDS_PER_BUG} seeds found it`);
  });
}

Deno.test("run() makes the same history of the same seed", async () => {
  const once = await run({ subject: "cache-kv", seed: 5 });
  const again = await run({ subject: "cache-kv", seed: 5 });
  assert.ok(once.history.watches.some(({ events }) => events.length > 0));
  assert.deepEqual(once.history, again.history);
});

async function assertKept(subject: SubjectName, seed: number): Promise<void> {
  const { violations } = await run({ subject, seed });
  const [first] = violations;
  assert.equal(first, undefined, `seed ${seed}: ${first?.property}: ${first?.detail}`);
}
