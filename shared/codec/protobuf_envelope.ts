import { DecodeError } from "../schema/decode_error.ts";
import type { StructNode } from "../schema/schema.ts";
import { writeMessage } from "./protobuf.ts";
import { ProtobufReader } from "./protobuf_reader.ts";
import { ProtobufWriter, wire } from "./protobuf_writer.ts";

/** What `k8s.io/apimachinery/pkg/runtime.Unknown` holds. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  /** The object's message. */
  readonly raw: Uint8Array;
  readonly contentEncoding?: string;
  readonly contentType?: string;
}

/** `k8s\0`, before every enveloped object. */
const magic = new Uint8Array([0x6b, 0x38, 0x73, 0x00]);

/** Puts a message into the envelope in which the API sends objects as `application/vnd.kubernetes.protobuf`. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const writer = new ProtobufWriter();
  writeEnvelope(writer, envelope, () => writer.bytes(envelope.raw));
  return writer.finish();
}

/** An object in its envelope, in one pass. It must fit its schema, as decodeObject leaves it. */
export function encodeEnveloped(
  schema: StructNode,
  object: { readonly apiVersion?: string; readonly kind?: string },
): Uint8Array {
  const writer = new ProtobufWriter();
  const typeMeta = { apiVersion: object.apiVersion ?? "", kind: object.kind ?? "" };
  writeEnvelope(
    writer,
    typeMeta,
    () => writeMessage(writer, schema, object as Record<string, unknown>),
  );
  return writer.finish();
}

/** Opens an envelope. Throws DecodeError with the reference's texts. `raw` is a view of `bytes`. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new DecodeError("empty data");
  if (bytes.length < magic.length || magic.some((byte, i) => bytes[i] !== byte)) {
    throw new DecodeError(
      `provided data does not appear to be a protobuf message, expected prefix [${
        magic.join(" ")
      }]`,
    );
  }
  if (bytes.length === magic.length) throw new DecodeError("empty body");
  const fields = new Map<number, Uint8Array>();
  const reader = new ProtobufReader(bytes.subarray(magic.length));
  while (!reader.done) readBlock(reader, fields);
  const typeMeta = new Map<number, Uint8Array>();
  const typeReader = new ProtobufReader(fields.get(1) ?? new Uint8Array());
  while (!typeReader.done) readBlock(typeReader, typeMeta);
  const text = (block: Uint8Array | undefined) => new TextDecoder().decode(block);
  return {
    apiVersion: text(typeMeta.get(1)),
    kind: text(typeMeta.get(2)),
    raw: fields.get(2) ?? new Uint8Array(),
    contentEncoding: text(fields.get(3)),
    contentType: text(fields.get(4)),
  };
}

/** The message of a watch event: `type = 1`, `object = 2 { raw = 1 }`; `object` is an enveloped object. */
export function encodeWatchEvent(type: string, object: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter();
  writer.bytes(object);
  writer.endMessage(1, 0);
  writer.endMessage(2, 0);
  const { mark } = writer;
  writer.text(type);
  writer.endMessage(1, mark);
  return writer.finish();
}

/** A message as it goes into a watch stream: after its length in four bytes, the highest first. */
export function frame(message: Uint8Array): Uint8Array {
  const out = new Uint8Array(message.length + 4);
  new DataView(out.buffer).setUint32(0, message.length);
  out.set(message, 4);
  return out;
}

/** The whole messages at the start of `bytes`, and what is left of the stream after them. */
export function unframe(bytes: Uint8Array): { messages: Uint8Array[]; rest: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const end = at + 4 + view.getUint32(at);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return { messages, rest: bytes.subarray(at) };
}

function writeEnvelope(
  writer: ProtobufWriter,
  envelope: Omit<Envelope, "raw">,
  writeRaw: () => void,
): void {
  writeText(writer, 4, envelope.contentType ?? "");
  writeText(writer, 3, envelope.contentEncoding ?? "");
  const rawMark = writer.mark;
  writeRaw();
  writer.endMessage(2, rawMark);
  const typeMark = writer.mark;
  writeText(writer, 2, envelope.kind);
  writeText(writer, 1, envelope.apiVersion);
  writer.endMessage(1, typeMark);
  writer.bytes(magic);
}

function writeText(writer: ProtobufWriter, field: number, text: string): void {
  const { mark } = writer;
  writer.text(text);
  writer.endMessage(field, mark);
}

function readBlock(reader: ProtobufReader, fields: Map<number, Uint8Array>): void {
  const tag = reader.varint();
  if (tag % 8 === wire.bytes) fields.set(Math.floor(tag / 8), reader.block());
  else reader.skip(tag % 8);
}
