import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { reencrypt } from "../../server/reencryption.ts";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { Recorder, storageContract } from "../contract_suite.ts";
import type { Medium } from "../kv/layout.ts";
import { openKvMedium } from "../kv/open.ts";
import { KvOpenError } from "../kv/open_error.ts";
import { readSegment } from "../kv/segment.ts";
import type { KvStorage } from "../kv/storage.ts";
import { TestMedium } from "../kv/test_medium.ts";
import { plainCodec, type ValueCodec, ValueError } from "../value_codec.ts";
import { encryptingCodec } from "./encrypting_codec.ts";
import { identity, type ProviderName, providers, type Transformer } from "./transformer.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);
const keyBytes = (name: string) => bytes(name.repeat(32).slice(0, 32));
const make = (provider: ProviderName, name: string) =>
  providers[provider].make(name, keyBytes(name));
const codecOf = (transformers: readonly Transformer[], resources = ["secrets"]) =>
  encryptingCodec([{ resources, transformers }]);

const place = "/registry/core/secrets/default/s";
const secretOf = (password: string) =>
  `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"s"},"data":{"p":"${password}"}}`;

for (const provider of Object.keys(providers) as ProviderName[]) {
  Deno.test(`${provider} reads back what it wrote, hides it, and never writes the same twice`, () => {
    const codec = codecOf([make(provider, "a")]);
    for (const length of [1, 15, 16, 17, 70_000]) {
      const value = bytes("x".repeat(length));
      const [one, two] = [codec.encode(place, value), codec.encode(place, value)];
      assert.equal(text(codec.decode(place, one)), text(value));
      assert.notDeepEqual(one, two);
      assert.equal(text(one).includes("xxxx"), false);
      assert.ok(one.length <= codec.storedSize(place, length));
    }
  });

  Deno.test(`${provider} refuses what was written with another key of the same name`, () => {
    const stored = codecOf([providers[provider].make("a", keyBytes("1"))])
      .encode(place, bytes(secretOf("hunter2")));
    const other = codecOf([providers[provider].make("a", keyBytes("2"))]);
    // CBC proves nothing: what comes out may have valid padding once in 256 times, but it is not the value.
    try {
      assert.notEqual(text(other.decode(place, stored)), secretOf("hunter2"));
    } catch (error) {
      assert.ok(error instanceof ValueError);
      assert.doesNotMatch(error.message, /hunter2/);
    }
  });
}

Deno.test("aesgcm refuses a value that was moved to another name", () => {
  const codec = codecOf([make("aesgcm", "a")]);
  const stored = codec.encode(place, bytes(secretOf("x")));
  assert.throws(() => codec.decode("/registry/core/secrets/default/other", stored), ValueError);
});

Deno.test("the stored form is the reference's: prefix, IV, AES-CBC with padding", () => {
  const stored = codecOf([make("aescbc", "key1")]).encode(place, bytes("hello"));
  const prefix = "k8s:enc:aescbc:v1:key1:";
  assert.equal(text(stored.subarray(0, prefix.length)), prefix);
  const iv = stored.subarray(prefix.length, prefix.length + 16);
  const decipher = createDecipheriv("aes-256-cbc", keyBytes("key1"), iv);
  const sealed = stored.subarray(prefix.length + 16);
  assert.equal(Buffer.concat([decipher.update(sealed), decipher.final()]).toString(), "hello");
});

Deno.test("the stored form is the reference's: AES-GCM with the place as associated data", () => {
  const nonce = Buffer.alloc(12, 7);
  const cipher = createCipheriv("aes-256-gcm", keyBytes("key1"), nonce);
  cipher.setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update("hello"), cipher.final(), cipher.getAuthTag()]);
  const stored = Buffer.concat([Buffer.from("k8s:enc:aesgcm:v1:key1:"), nonce, sealed]);
  assert.equal(text(codecOf([make("aesgcm", "key1")]).decode(place, stored)), "hello");
});

const matching: readonly [resources: string[], key: string, encrypted: boolean][] = [
  [["secrets"], "/registry/core/secrets/a/b", true],
  [["secrets"], "/registry/core/configmaps/a/b", false],
  [["secrets"], "/registry/example.com/secrets/a/b", false],
  [["*."], "/registry/core/configmaps/a/b", true],
  [["*."], "/registry/apps/deployments/a/b", false],
  [["deployments.apps"], "/registry/apps/deployments/a/b", true],
  [["*.example.com"], "/registry/example.com/things/a", true],
  [["*.*"], "/registry/example.com/things/a", true],
];
for (const [resources, key, encrypted] of matching) {
  Deno.test(`encryptingCodec() for ${resources} ${encrypted ? "takes" : "leaves"} ${key}`, () => {
    const stored = codecOf([make("secretbox", "a")], resources).encode(key, bytes("{}"));
    assert.equal(text(stored).startsWith("k8s:enc:"), encrypted);
  });
}

Deno.test("encryptingCodec() refuses a value that is not encrypted where none may be", () => {
  const strict = codecOf([make("aesgcm", "a")]);
  assert.throws(
    () => strict.decode(place, bytes("{}")),
    /is not encrypted; add the provider "identity"/,
  );
  assert.equal(text(codecOf([make("aesgcm", "a"), identity]).decode(place, bytes("{}"))), "{}");
});

/** A medium that outlives the stores opened on it. */
async function lasting() {
  const kv = await Deno.openKv(":memory:");
  const medium = new TestMedium(kv);
  const clock = new FakeClock();
  return {
    medium,
    async open(codec: ValueCodec): Promise<KvStorage> {
      const handle: Medium = {
        atomic: () => medium.atomic(),
        get: medium.get,
        list: medium.list,
        close() {},
      };
      return await openKvMedium(handle, {
        place: "memory",
        clock,
        log: silentLog,
        random: seededRandom(7),
        release() {},
        codec,
      });
    },
    [Symbol.dispose]: () => kv.close(),
  };
}

/** Everything on the medium in one text, segments as they are inside. */
async function rawText(medium: Medium): Promise<string> {
  const parts: string[] = [];
  for await (const { key, value } of medium.list<unknown>({ prefix: [] })) {
    if (!(value instanceof Uint8Array)) continue;
    const records = key[0] === "log" ? readSegment(value).records.map((one) => one.value) : [value];
    parts.push(...records.map((one) => Buffer.from(one).toString("latin1")));
  }
  return parts.join("\n");
}

const put = (storage: KvStorage, key: string, value: string) =>
  storage.write({ type: "put", key, encode: () => bytes(value) });
const names = Array.from({ length: 40 }, (_, i) => `/registry/core/secrets/default/s${i}`);
const signal = new AbortController().signal;
const rewriteAll = (storage: KvStorage) =>
  reencrypt(storage, { outdated: storage.stale, log: silentLog, signal });

Deno.test("an encrypted store holds nothing readable, of large values, deletions and leases neither", async () => {
  using lasted = await lasting();
  const storage = await lasted.open(codecOf([make("aesgcm", "a")], ["*.*"]));
  await put(storage, place, secretOf("hunter2"));
  await put(storage, `${place}2`, secretOf("hunter2 ".repeat(20_000)));
  await storage.write({
    type: "delete",
    key: place,
    encode: () => bytes(secretOf("hunter2")),
  });
  await storage.write({
    type: "put",
    lazy: true,
    key: "/registry/coordination.k8s.io/leases/a/b",
    encode: () => bytes(secretOf("hunter2")),
  });
  await storage.close();
  const raw = await rawText(lasted.medium);
  assert.equal(raw.includes("hunter2"), false);
  assert.ok(raw.includes("k8s:enc:aesgcm:v1:a:"));
});

Deno.test("an encrypted store is read back after a restart, its history too", async () => {
  using lasted = await lasting();
  const codec = codecOf([make("secretbox", "a")]);
  const first = await lasted.open(codec);
  const begun = first.revision();
  await put(first, place, secretOf("one"));
  await put(first, place, secretOf("two"));
  await put(first, `${place}2`, secretOf("large ".repeat(30_000)));
  await first.close();
  const again = await lasted.open(codec);
  assert.equal(text(again.get(place)!.value), secretOf("two"));
  assert.equal(text(again.get(`${place}2`)!.value), secretOf("large ".repeat(30_000)));
  assert.deepEqual(again.stale, []);
  const seen = new Recorder();
  const end = await again.watch("/registry/", begun, seen);
  assert.deepEqual(seen.all.map(({ value }) => text(value).slice(0, 80)), [
    secretOf("one").slice(0, 80),
    secretOf("two").slice(0, 80),
    secretOf("large ".repeat(30_000)).slice(0, 80),
  ]);
  end();
  await again.close();
});

Deno.test("turning encryption on encrypts what there is, and what was readable leaves the log", async () => {
  using lasted = await lasting();
  const before = await lasted.open(plainCodec);
  for (const name of names) await put(before, name, secretOf("hunter2"));
  for (let i = 0; i < 400; i++) {
    await put(before, `/registry/core/configmaps/default/c${i}`, secretOf(`config${i}`));
  }
  await before.write({ type: "delete", key: names[0]!, encode: () => bytes(secretOf("hunter2")) });
  await before.close();
  assert.ok((await rawText(lasted.medium)).includes("hunter2"));
  const storage = await lasted.open(codecOf([make("aesgcm", "a"), identity]));
  assert.equal(storage.stale.length, names.length - 1);
  assert.equal(await rewriteAll(storage), names.length - 1);
  await storage.compact(storage.revision());
  assert.equal((await rawText(lasted.medium)).includes("hunter2"), false);
  assert.ok((await rawText(lasted.medium)).includes("config7"), "the others are left as they are");
  await storage.close();
  const strict = await lasted.open(codecOf([make("aesgcm", "a")]));
  assert.equal(text(strict.get(names[1]!)!.value).includes("hunter2"), true);
  await strict.close();
});

Deno.test("a rotation that is interrupted again and again ends with everything under the new key", async () => {
  using lasted = await lasting();
  const old = await lasted.open(codecOf([make("aescbc", "old")]));
  for (const name of names) await put(old, name, secretOf("hunter2"));
  await old.close();
  const both = codecOf([make("aesgcm", "new"), make("aescbc", "old")]);
  let left = names.length;
  while (left > 0) {
    const storage = await lasted.open(both);
    assert.equal(storage.stale.length, left);
    for (const { key, value } of storage.stale) {
      assert.equal(text(storage.get(key)!.value), text(value));
    }
    // The power goes after seven objects: nothing is closed.
    await reencrypt(storage, { outdated: storage.stale.slice(0, 7), log: silentLog, signal });
    left = Math.max(0, left - 7);
  }
  const storage = await lasted.open(both);
  await storage.compact(storage.revision());
  await storage.close();
  const only = await lasted.open(codecOf([make("aesgcm", "new")]));
  for (const name of names) assert.ok(text(only.get(name)!.value).includes("hunter2"));
  await only.close();
  assert.equal((await rawText(lasted.medium)).includes("aescbc"), false);
});

Deno.test("reencrypt() leaves an object that somebody changed meanwhile", async () => {
  using lasted = await lasting();
  const old = await lasted.open(plainCodec);
  await put(old, place, secretOf("one"));
  await old.close();
  const storage = await lasted.open(codecOf([make("aesgcm", "a"), identity]));
  await put(storage, place, secretOf("two"));
  assert.equal(await rewriteAll(storage), 0);
  assert.equal(text(storage.get(place)!.value), secretOf("two"));
  await storage.close();
});

Deno.test("reencrypt() writes the object's new revision into it", async () => {
  using lasted = await lasting();
  const old = await lasted.open(plainCodec);
  await put(old, place, secretOf("one"));
  await old.close();
  const storage = await lasted.open(codecOf([make("aesgcm", "a"), identity]));
  await rewriteAll(storage);
  const { value, revision } = storage.get(place)!;
  assert.equal(JSON.parse(text(value)).metadata.resourceVersion, String(revision));
  assert.ok(text(value).startsWith('{"kind":"Secret","apiVersion":"v1",'));
  await storage.close();
});

const unreadable: readonly [title: string, codec: ValueCodec, message: RegExp][] = [
  [
    "no configuration",
    plainCodec,
    /is encrypted, and no encryption is configured for it; give the configuration/,
  ],
  [
    "other keys",
    codecOf([make("aesgcm", "b")]),
    /no configured key fits .* written with aesgcm key "a"; give/,
  ],
  [
    "the wrong key",
    codecOf([providers.aesgcm.make("a", keyBytes("z"))]),
    /cannot be decrypted with aesgcm key "a"; give/,
  ],
];
for (const [title, codec, message] of unreadable) {
  Deno.test(`a store with encrypted values does not open with ${title}, and says which object it was`, async () => {
    using lasted = await lasting();
    const storage = await lasted.open(codecOf([make("aesgcm", "a")]));
    await put(storage, place, secretOf("hunter2"));
    await storage.close();
    await assert.rejects(lasted.open(codec), (error) => {
      assert.ok(error instanceof KvOpenError);
      assert.match(error.message, message);
      assert.ok(error.message.includes(place));
      return true;
    });
  });
}

storageContract("KvStorage, encrypted", async () => {
  const medium = new TestMedium(await Deno.openKv(":memory:"));
  const storage = await openKvMedium(medium, {
    place: "memory",
    clock: new FakeClock(),
    log: silentLog,
    random: seededRandom(1),
    release() {},
    codec: everything(),
  });
  return { storage, hold: () => medium.hold() };
});

/** The suite's keys are those of no resource: encrypt all the same. */
function everything(): ValueCodec {
  const codec = codecOf([make("aesgcm", "a")]);
  const at = (key: string) => `/registry/core/secrets/${key}`;
  return {
    encode: (key, value) => codec.encode(at(key), value),
    decode: (key, stored) => codec.decode(at(key), stored),
    isOutdated: (key, stored) => codec.isOutdated(at(key), stored),
    storedSize: (key, size) => codec.storedSize(at(key), size),
  };
}
