import assert from "node:assert/strict";
import { bytes } from "../contract_suite.ts";
import type { Revision } from "../storage.ts";
import { MAX_VALUE } from "./layout.ts";
import { blobReference, type LogRecord, readSegment, SegmentWriter, withCover } from "./segment.ts";

function record(overrides: Partial<Omit<LogRecord, "revision">> & { revision: number }): LogRecord {
  return {
    type: "put",
    key: "/a/1",
    value: bytes("value"),
    blob: false,
    previous: 0,
    previousSize: 0,
    ...overrides,
    revision: overrides.revision as Revision,
  };
}

const some = { first: 1 as Revision, last: 1000 as Revision };

for (const deflate of [false, true]) {
  Deno.test(`readSegment() reads back what SegmentWriter packed (deflate ${deflate})`, () => {
    const records = [
      record({ revision: 2 }),
      record({ revision: 130, type: "delete", previous: 2 as Revision, previousSize: 70_000 }),
      record({ revision: 131, key: "/a/ключ/𝄞", value: new Uint8Array(0) }),
      record({
        revision: 2 ** 40,
        value: blobReference(new Uint8Array(70_000)),
        blob: true,
        previous: 131 as Revision,
      }),
      record({ revision: 2 ** 53 - 1, value: bytes("x".repeat(600)) }),
    ];
    const writer = new SegmentWriter();
    for (const one of records) assert.ok(writer.add(one));
    assert.equal(writer.last, 2 ** 53 - 1);
    const cover = { first: 1 as Revision, last: 2 ** 53 - 1 as Revision };
    const segment = writer.finish(cover, { deflate, time: 1_800_000_000_123 });
    assert.equal(segment.blobBytes, 70_000);
    assert.equal(segment.bytes.length < 300, deflate);
    assert.deepEqual(readSegment(segment.bytes), {
      records,
      size: segment.size,
      time: 1_800_000_000_123,
      last: cover.last,
    });
    assert.deepEqual([segment.first, segment.last, segment.records], [1, 2 ** 53 - 1, 5]);
    assert.equal(writer.last, undefined);
  });
}

Deno.test("readSegment() knows no time where none was given", () => {
  const writer = new SegmentWriter();
  writer.add(record({ revision: 2 }));
  assert.equal(readSegment(writer.finish(some).bytes).time, undefined);
});

/** `record({ revision: 2 })` and one of 600 bytes, as the program packed them when it wrote format 1. */
const format1: readonly [title: string, packed: Uint8Array][] = [
  [
    "plain",
    new Uint8Array([
      ...Uint8Array.fromBase64("pn5hRQAAAgAEAC9hLzEFdmFsdWUAAwAEAC9hLzHYBA=="),
      ...bytes("x".repeat(600)),
    ]),
  ],
  ["deflated", Uint8Array.fromBase64("xvO6UwFjYGJgYdBP1DdkLUvMKU1lYIZyb7BUjIJRUEF9AAA=")],
];
for (const [title, packed] of format1) {
  Deno.test(`readSegment() reads a segment of format 1 (${title})`, () => {
    const records = [
      record({ revision: 2 }),
      record({ revision: 3, value: bytes("x".repeat(600)) }),
    ];
    const read = readSegment(packed);
    assert.deepEqual(read.records, records);
    assert.equal(read.time, undefined);
    assert.equal(read.last, undefined);
    const covered = readSegment(withCover(packed, 9 as Revision));
    assert.deepEqual(covered, { ...read, last: 9 });
  });
}

Deno.test("SegmentWriter makes a segment of no records, which still says what it covers", () => {
  const { bytes, size, records } = new SegmentWriter().finish(some);
  assert.equal(records, 0);
  assert.deepEqual(readSegment(bytes), { records: [], size, time: undefined, last: some.last });
});

Deno.test("withCover() leaves time and records alone", () => {
  const writer = new SegmentWriter();
  writer.add(record({ revision: 2 }));
  const { bytes } = writer.finish(some, { time: 1_800_000_000_123 });
  assert.deepEqual(readSegment(withCover(bytes, 5 as Revision)), {
    ...readSegment(bytes),
    last: 5,
  });
});

Deno.test("SegmentWriter never makes more than a value may hold, and wastes little", () => {
  const writer = new SegmentWriter();
  let revision = 2;
  while (writer.add(record({ revision, value: bytes("x".repeat(revision % 900)) }))) revision++;
  const { bytes: packed } = writer.finish(some);
  assert.ok(packed.length <= MAX_VALUE && packed.length > MAX_VALUE - 1000);
  assert.ok(writer.add(record({ revision })));
});

Deno.test("readSegment() refuses whatever is not exactly what was written", () => {
  const writer = new SegmentWriter();
  for (let revision = 2; revision < 20; revision++) writer.add(record({ revision }));
  const { bytes: packed } = writer.finish(some);
  for (let at = 0; at < packed.length; at++) {
    const damaged = packed.slice();
    damaged[at]! ^= 0x10;
    assert.throws(() => readSegment(damaged), TypeError);
  }
  assert.throws(() => readSegment(packed.subarray(0, -1)), TypeError);
  assert.throws(() => readSegment(new Uint8Array(2)), TypeError);
});
