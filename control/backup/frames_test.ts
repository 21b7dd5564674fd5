import assert from "node:assert/strict";
import { seededRandom } from "../../shared/clock/random.ts";
import { BackupError } from "./backup_error.ts";
import { openFrames, writeFrames } from "./frames.ts";
import { bytesOf, inPieces } from "./sample_cluster.ts";

const passphrase = "correct horse battery staple";
const MANY = 200_000;

function noise(length: number, seed = 1): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => random.float() * 256);
}

function written(content: Uint8Array, options: { readonly passphrase?: string } = {}) {
  return bytesOf(writeFrames(inPieces(content, 1000), { created: 5, ...options }));
}

async function read(file: Uint8Array, options: { passphrase?: string; pieces?: number } = {}) {
  const { content } = await openFrames(inPieces(file, options.pieces), options.passphrase);
  return await bytesOf(content);
}

async function refusal(file: Uint8Array, given?: string): Promise<BackupError> {
  try {
    await read(file, given === undefined ? {} : { passphrase: given });
  } catch (error) {
    if (error instanceof BackupError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: "the file was read" });
}

for (const length of [0, 1, 65_535, 65_536, 65_537, MANY]) {
  for (const secret of [undefined, passphrase]) {
    Deno.test(`Frames give back ${length} bytes${secret ? ", enciphered" : ""}`, async () => {
      const content = noise(length);
      const options = secret ? { passphrase: secret } : {};
      const file = await written(content, options);
      assert.deepEqual(await read(file, { ...options, pieces: 777 }), content);
    });
  }
}

Deno.test("Frames are refused when cut off anywhere", async () => {
  const file = await written(noise(MANY));
  for (let length = 0; length < file.length; length += length < 300 ? 1 : 997) {
    assert.equal((await refusal(file.subarray(0, length))).code, "Truncated", `at ${length}`);
  }
});

Deno.test("Frames are refused when any one bit is not as it was written", async () => {
  const file = await written(noise(100));
  for (let bit = 0; bit < file.length * 8; bit++) {
    const flipped = file.slice();
    flipped[bit >>> 3]! ^= 1 << (bit & 7);
    const { code } = await refusal(flipped);
    // A length that claims more than there is looks like an end that is missing.
    assert.ok(
      ["Damaged", "Truncated", "Foreign", "Format"].includes(code),
      `${code} at bit ${bit}`,
    );
  }
});

Deno.test("Frames that are enciphered are refused when a bit is not as it was written, and not for a passphrase", async () => {
  const file = await written(noise(1000), { passphrase });
  for (const at of [200, 400, file.length - 20, file.length - 1]) {
    const flipped = file.slice();
    flipped[at]! ^= 1;
    assert.equal((await refusal(flipped, passphrase)).code, "Damaged", `at ${at}`);
  }
});

Deno.test("Frames are refused when they are exchanged, repeated or come from another file", async () => {
  const one = await framesOf(await written(noise(MANY)));
  const other = await framesOf(await written(noise(MANY, 2)));
  const join = (frames: readonly Uint8Array[]) =>
    bytesOf(inPieces(Uint8Array.from(frames.flatMap((f) => [...f])), 9999));
  const [head, a, b, ...rest] = one as [Uint8Array, Uint8Array, Uint8Array, ...Uint8Array[]];
  assert.equal((await refusal(await join([head, b, a, ...rest]))).code, "Damaged");
  assert.equal((await refusal(await join([head, a, a, b, ...rest]))).code, "Damaged");
  assert.equal((await refusal(await join([head, a, ...rest]))).code, "Damaged");
  assert.equal((await refusal(await join([...one, new Uint8Array(1)]))).code, "Damaged");
  assert.equal((await refusal(await join([head, other[1]!, b, ...rest]))).code, "Damaged");
});

Deno.test("Frames are refused with a wrong passphrase, without one, and with one too many", async () => {
  const sealed = await written(noise(10), { passphrase });
  assert.match((await refusal(sealed, "another passphrase")).message, /^the passphrase is wrong$/);
  assert.match((await refusal(sealed)).message, /it is encrypted/);
  assert.match((await refusal(await written(noise(10)), passphrase)).message, /not encrypted/);
});

Deno.test("Frames show nothing of what is enciphered, and differ each time", async () => {
  const content = new TextEncoder().encode("a secret ".repeat(100));
  const file = await written(content, { passphrase });
  assert.ok(!new TextDecoder("latin1").decode(file).includes("secret"));
  assert.notDeepEqual(file, await written(content, { passphrase }));
});

const foreign: readonly [title: string, bytes: Uint8Array, code: string][] = [
  ["a file of zeros", new Uint8Array(5000), "Foreign"],
  ["a text", new TextEncoder().encode("apiVersion: v1\n".repeat(400)), "Foreign"],
  ["a later format", new TextEncoder().encode("coracle-backup 2\n{}\n"), "Format"],
  [
    "a head without end",
    new TextEncoder().encode("coracle-backup 1\n" + "x".repeat(9000)),
    "Damaged",
  ],
];
for (const [title, bytes, code] of foreign) {
  Deno.test(`Frames are refused of ${title}`, async () => {
    assert.equal((await refusal(bytes)).code, code);
  });
}

/** The head and the frames of a file. */
async function framesOf(file: Uint8Array): Promise<Uint8Array[]> {
  const { content: _ } = await openFrames(inPieces(file), undefined);
  let at = 0;
  for (let lines = 0; lines < 3; at++) if (file[at] === 0x0a) lines++;
  const parts = [file.subarray(0, at)];
  while (at < file.length) {
    const length = new DataView(file.buffer, at).getUint32(0) & 0x7fff_ffff;
    parts.push(file.subarray(at, at += 4 + length));
  }
  return parts;
}
