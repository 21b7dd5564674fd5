import assert from "node:assert/strict";
import { absence, damageBase, damageRounds, openDamaged, truncation } from "./damage.ts";

/** More rounds for a long run: DAMAGE_ROUNDS=5000. */
const rounds = Number(Deno.env.get("DAMAGE_ROUNDS") ?? 240);

Deno.test("a damaged store is refused with what to do, or has everything", async () => {
  const { refused, unharmed } = await damageRounds(rounds, 1);
  assert.equal(refused + unharmed, rounds);
  // Damage to free space harms nobody; most of the file is not free.
  assert.ok(refused > rounds / 2 && unharmed > 0, `${refused} refused, ${unharmed} unharmed`);
});

Deno.test("a store that was killed is refused without one of its files, or with an empty one", async () => {
  const base = await damageBase(true, 2);
  for (const name of ["state.kv", "state.kv-wal", "state.mark"]) {
    assert.equal(await openDamaged(base, absence(name)), "refused", `${name} gone`);
    assert.equal(await openDamaged(base, truncation(name, 0)), "refused", `${name} empty`);
  }
  assert.equal(await openDamaged(base, absence("state.kv-wal", "state.mark")), "refused");
});

Deno.test("a store that was closed is refused without its database or its mark", async () => {
  const base = await damageBase(false, 3);
  assert.deepEqual([...base.files.keys()], ["state.mark", "state.kv"]);
  assert.equal(await openDamaged(base, absence("state.kv")), "refused");
  assert.equal(await openDamaged(base, absence("state.mark")), "refused");
  assert.equal(await openDamaged(base, truncation("state.kv", 0)), "refused");
});

Deno.test("a store that was killed is refused with any part of its write-ahead log lost or flipped", async () => {
  const base = await damageBase(true, 4);
  const wal = base.files.get("state.kv-wal")!;
  for (let at = 0; at < wal.length; at += Math.ceil(wal.length / 40)) {
    assert.equal(await openDamaged(base, truncation("state.kv-wal", at)), "refused", `at ${at}`);
    const title = `write-ahead log flipped at ${at}`;
    const bytes = wal.slice();
    bytes[at]! ^= 0x20;
    const apply = (files: ReadonlyMap<string, Uint8Array>) =>
      new Map([...files, ["state.kv-wal", bytes] as const]);
    assert.equal(await openDamaged(base, { title, apply }), "refused", title);
  }
});
