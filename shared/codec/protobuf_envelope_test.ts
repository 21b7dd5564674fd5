import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DecodeError } from "../schema/decode_error.ts";
import { schemaOf } from "../schema/schema.ts";
import { encodeProtobuf } from "./protobuf.ts";
import {
  decodeEnvelope,
  encodeEnvelope,
  encodeEnveloped,
  encodeWatchEvent,
  frame,
  unframe,
} from "./protobuf_envelope.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

Deno.test("encodeEnvelope() and decodeEnvelope() are inverse", () => {
  const raw = new Uint8Array([1, 2, 3]);
  const envelope = encodeEnvelope({ apiVersion: "v1", kind: "Pod", raw, contentType: "x" });
  assert.equal(text(envelope), 'k8s\0\n\t\n\x02v1\x12\x03Pod\x12\x03\x01\x02\x03\x1a\0"\x01x');
  const decoded = decodeEnvelope(envelope);
  assert.deepEqual({ ...decoded, raw: [...decoded.raw] }, {
    apiVersion: "v1",
    kind: "Pod",
    raw: [1, 2, 3],
    contentEncoding: "",
    contentType: "x",
  });
});

Deno.test("encodeEnveloped() is encodeProtobuf() in an envelope", () => {
  const object = { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "a" } };
  const schema = schemaOf("v1", "ConfigMap");
  const raw = encodeProtobuf(schema, object);
  assert.deepEqual(encodeEnveloped(schema, object), encodeEnvelope({ ...object, raw }));
});

Deno.test("decodeEnvelope() refuses what is no envelope", () => {
  const cases = {
    "nope":
      "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    "k8s\0": "empty body",
    "": "empty data",
    "k8s\0\n\x09": "unexpected EOF",
  };
  for (const [given, message] of Object.entries(cases)) {
    assert.throws(() => decodeEnvelope(Buffer.from(given)), new DecodeError(message));
  }
});

Deno.test("encodeWatchEvent() holds the type and the object's bytes", () => {
  const event = encodeWatchEvent("ADDED", Buffer.from("object"));
  assert.equal(text(event), "\n\x05ADDED\x12\x08\n\x06object");
});

Deno.test("unframe() gives back whole messages and keeps the rest", () => {
  const stream = Buffer.concat([
    frame(Buffer.from("one")),
    frame(Buffer.from("")),
    frame(Buffer.from("three")),
  ]);
  assert.equal(text(stream.subarray(0, 7)), "\0\0\0\x03one");
  const { messages, rest } = unframe(stream.subarray(0, stream.length - 1));
  assert.deepEqual(messages.map(text), ["one", ""]);
  assert.equal(rest.length, 8);
  assert.deepEqual(unframe(stream).messages.map(text), ["one", "", "three"]);
});
