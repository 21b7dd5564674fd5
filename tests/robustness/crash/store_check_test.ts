import assert from "node:assert/strict";
import { remove } from "../../../control/storage/contract_suite.ts";
import { MemoryStorage } from "../../../control/storage/memory/storage.ts";
import type { Revision, Storage } from "../../../control/storage/storage.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { valueOf } from "../history.ts";
import { type Acknowledged, checkStore } from "./store_check.ts";

async function write(storage: Storage, key: string, number: string): Promise<Acknowledged> {
  const encode = () => valueOf(number, "40", 40);
  const { revision } = await storage.write({ type: "put", key, encode });
  return { type: "put", key, revision, number };
}

const damages: readonly { title: string; damage: (storage: Storage) => Storage }[] = [
  {
    title: "a lost write",
    damage: (storage) => ({ ...reading(storage), get: () => undefined }),
  },
  {
    title: "a key that a list lacks",
    damage: (storage) => ({
      ...reading(storage),
      async list(prefix, options) {
        const { items, revision } = await storage.list(prefix, options);
        return { items: items.slice(1), revision };
      },
    }),
  },
  {
    title: "a watch that resumes too late",
    damage: (storage) => ({
      ...reading(storage),
      watch: (prefix, after, sink) =>
        storage.watch(prefix, after > 1 ? after + 1 as Revision : after, sink),
    }),
  },
  {
    title: "a revision that went back",
    damage: (storage) => ({ ...reading(storage), revision: () => 2 as Revision }),
  },
];

for (const { title, damage } of [{ title: "nothing", damage: reading }, ...damages]) {
  Deno.test(`checkStore() finds ${title}`, async () => {
    const storage = new MemoryStorage();
    const acknowledged: Acknowledged[] = [];
    for (let n = 0; n < 20; n++) {
      acknowledged.push(await write(storage, `/object/${n % 7}`, `${n}`));
    }
    await remove(storage, "/object/3", { last: "20 40 ".padEnd(40) });
    acknowledged.push({ type: "delete", key: "/object/3", revision: 22, number: "20" });
    const check = checkStore(damage(storage), acknowledged, seededRandom(1));
    if (title === "nothing") assert.equal((await check).watches, 12);
    else await assert.rejects(check, { name: "AssertionError" });
  });
}

function reading(storage: Storage): Storage {
  return {
    revision: () => storage.revision(),
    compacted: () => storage.compacted(),
    get: (key) => storage.get(key),
    latest: (key) => storage.latest(key),
    settled: (key) => storage.settled(key),
    list: (prefix, options) => storage.list(prefix, options),
    write: (write) => storage.write(write),
    watch: (prefix, after, sink) => storage.watch(prefix, after, sink),
    compact: (revision) => storage.compact(revision),
    close: () => storage.close(),
  };
}
