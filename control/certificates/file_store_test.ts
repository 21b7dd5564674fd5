import assert from "node:assert/strict";
import { directoryFileStore } from "./file_store.ts";

Deno.test("directoryFileStore() writes files that only their owner can read", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const store = directoryFileStore(`${directory}/pki`);
    assert.equal(await store.read("ca.key"), undefined);
    await store.write("ca.key", "one");
    await store.write("ca.key", "two");
    assert.equal(await store.read("ca.key"), "two");
    assert.equal(await store.exists("ca.key"), true);
    assert.equal((await Deno.stat(`${directory}/pki/ca.key`)).mode! & 0o777, 0o600);
    assert.deepEqual(Array.from(Deno.readDirSync(`${directory}/pki`), (e) => e.name), ["ca.key"]);
    await assert.rejects(store.read("../x"), /not a plain name/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
