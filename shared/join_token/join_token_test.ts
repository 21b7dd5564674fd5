import assert from "node:assert/strict";
import { bearerOf, caHashOf, formatJoinToken, parseJoinToken } from "./join_token.ts";

const token = { id: "abc123", secret: "0123456789abcdef", caHash: "ab".repeat(32) };

Deno.test("parseJoinToken() reads what formatJoinToken() wrote, with blanks around it", () => {
  assert.deepEqual(parseJoinToken(` ${formatJoinToken(token)}\n`), token);
  assert.equal(bearerOf(token), "abc123.0123456789abcdef");
});

const wrong = [
  "",
  "abc123.0123456789abcdef",
  "abc123.0123456789abcdef.ABAB",
  `ABC123.0123456789abcdef.${"ab".repeat(32)}`,
  `abc123.0123456789abcde.${"ab".repeat(32)}`,
  `abc123.0123456789abcdef.${"ab".repeat(33)}`,
];
for (const text of wrong) {
  Deno.test(`parseJoinToken() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseJoinToken(text), undefined);
  });
}

Deno.test("caHashOf() hashes the bytes of the first certificate", async () => {
  const pem = (text: string) =>
    `-----BEGIN CERTIFICATE-----\n${btoa(text)}\n-----END CERTIFICATE-----\n`;
  // SHA-256 of "abc" (FIPS 180-4, examples).
  const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.equal(await caHashOf(pem("abc") + pem("other")), want);
  await assert.rejects(caHashOf("nothing"), TypeError);
});
