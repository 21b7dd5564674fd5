import assert from "node:assert/strict";
import { silentLog } from "../../shared/log/log.ts";
import { memoryFileStore } from "./file_store.ts";
import { ServiceAccountKeys } from "./service_account_keys.ts";

Deno.test("ServiceAccountKeys rotate() keeps the old public key and forgets its private half", async () => {
  const files = new Map<string, string>();
  const store = memoryFileStore(files);
  const keys = await ServiceAccountKeys.open(store, 0, silentLog);
  const old = keys.signer.kid;
  await keys.rotate(1);
  assert.notEqual(keys.signer.kid, old);
  assert.ok(keys.verifier(old));
  const again = await ServiceAccountKeys.open(store, 2, silentLog);
  assert.equal(again.signer.kid, keys.signer.kid);
  assert.ok(again.verifier(old));
  assert.equal(files.get("service-account-keys.json")!.match(/"d":/g)!.length, 1);
});

Deno.test("ServiceAccountKeys publicKeySet has no private part", async () => {
  const keys = await ServiceAccountKeys.open(memoryFileStore(), 0, silentLog);
  const [key] = keys.publicKeySet.keys;
  assert.deepEqual(Object.keys(key!), ["use", "kty", "kid", "crv", "alg", "x", "y"]);
});

Deno.test("ServiceAccountKeys open() refuses a damaged file", async () => {
  const store = memoryFileStore(new Map([["service-account-keys.json", "{"]]));
  await assert.rejects(ServiceAccountKeys.open(store, 0, silentLog), /Cannot use service-account/);
});
