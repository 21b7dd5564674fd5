import assert from "node:assert/strict";
import { type Header } from "./header_table.ts";
import { HpackDecoder } from "./hpack_decoder.ts";
import { HpackEncoder } from "./hpack_encoder.ts";
import { ConnectionError } from "./protocol.ts";

const bytes = (hex: string) =>
  Uint8Array.from(hex.replaceAll(" ", "").match(/../g)!, (h) => parseInt(h, 16));
const decoder = (maxTable = 4096, maxList = 65_536) => new HpackDecoder({ maxTable, maxList });

/** RFC 7541, appendix C.4: three requests on one connection, Huffman coded. */
const requests: readonly (readonly [string, readonly Header[]])[] = [
  ["828684418cf1e3c2e5f23a6ba0ab90f4ff", [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
  ]],
  ["828684be5886a8eb10649cbf", [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
    ["cache-control", "no-cache"],
  ]],
  ["828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", [
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ]],
];

Deno.test("HpackDecoder decode() keeps its table from block to block (RFC 7541, C.4)", () => {
  const hpack = decoder();
  for (const [hex, headers] of requests) {
    assert.deepEqual(hpack.decode(bytes(hex)).headers, headers);
  }
});

Deno.test("HpackDecoder decode() drops old headers from a small table (RFC 7541, C.6)", () => {
  const hpack = decoder(256);
  hpack.decode(bytes(
    "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
  ));
  assert.deepEqual(hpack.decode(bytes("4883640effc1c0bf")).headers, [
    [":status", "307"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ]);
});

for (
  const { title, hex } of [
    { title: "an index of zero", hex: "80" },
    { title: "an index beyond the tables", hex: "ff80808001" },
    { title: "a string that ends after its block", hex: "000a61" },
    { title: "an integer without end", hex: "ffffffffffffffff" },
    { title: "padding of more than seven bits", hex: "00 81ff 8100" },
    { title: "the end-of-string symbol", hex: "00 84ffffffff 00" },
    { title: "a change of the table's size after a header", hex: "8220" },
    { title: "a table larger than was allowed", hex: "3fe2ff03" },
  ]
) {
  Deno.test(`HpackDecoder decode() refuses ${title}`, () => {
    assert.throws(() => decoder().decode(bytes(hex)), ConnectionError);
  });
}

Deno.test("HpackDecoder decode() stops keeping a list that is too large and goes on decoding", () => {
  const hpack = decoder(4096, 200);
  // One literal that enters the table, then many references to it.
  const bomb = new Uint8Array([...bytes("40016101 62"), ...new Array(1000).fill(0xbe)]);
  const { headers, tooLarge } = hpack.decode(bomb);
  assert.equal(tooLarge, true);
  assert.equal(headers.length, 5);
  assert.deepEqual(hpack.decode(bytes("be")).headers, [["a", "b"]]);
});

Deno.test("HpackEncoder encode() makes what a decoder reads, known headers and long values included", () => {
  const headers: Header[] = [
    [":status", "200"],
    [":status", "429"],
    ["content-type", "application/json"],
    ["x-own", "v".repeat(5000)],
    ["warning", '299 - "caf\u00e9"'],
    ["empty", ""],
  ];
  const encoder = new HpackEncoder();
  for (const _ of [1, 2]) {
    assert.deepEqual(decoder().decode(encoder.encode(headers)).headers, headers);
  }
});

Deno.test("HpackDecoder decode() survives any bytes: it decodes or refuses", () => {
  let seed = 7;
  const next = () => (seed = Math.imul(seed, 1103515245) + 12345 >>> 0) >>> 16 & 0xff;
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    const block = Uint8Array.from({ length: next() % 40 }, next);
    try {
      decoder().decode(block);
    } catch (error) {
      assert.ok(error instanceof ConnectionError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 1000);
});
