import { Buffer } from "node:buffer";
import { formatDuration, parseDuration } from "../resource/duration.ts";
import type { ScalarType } from "../schema/schema.ts";
import { parseJson } from "./json.ts";
import type { ProtobufReader } from "./protobuf_reader.ts";
import { type ProtobufWriter, wire } from "./protobuf_writer.ts";

/** How one scalar goes to protobuf and comes back. */
export interface ScalarCodec {
  readonly wireType: number;
  /** Writes the value with its length, if its wire type has one, but without its tag. */
  write(writer: ProtobufWriter, value: unknown): void;
  read(reader: ProtobufReader): unknown;
}

const varint = (read: ScalarCodec["read"], write: ScalarCodec["write"]): ScalarCodec => ({
  wireType: wire.varint,
  read,
  write,
});
const integer = varint(
  (reader) => reader.int(),
  (writer, value) => writer.int64(value as number),
);

/** A message: its content is written by `write`, its length here. */
function message(
  read: (message: ProtobufReader) => unknown,
  write: ScalarCodec["write"],
): ScalarCodec {
  return {
    wireType: wire.bytes,
    write(writer, value) {
      const { mark } = writer;
      write(writer, value);
      writer.varint(writer.mark - mark);
    },
    read: (reader) => read(reader.message()),
  };
}

/** A message whose only field (number 1) holds JSON text. */
const json = message(
  (reader) => {
    const raw = readOnlyField(reader, (field) => field.block());
    return raw === undefined || raw.length === 0 ? null : parseJson(raw).value;
  },
  (writer, value) => {
    if (value === null || value === undefined) return;
    const { mark } = writer;
    writer.text(JSON.stringify(value));
    writer.endMessage(1, mark);
  },
);

/** Every scalar by its type. Times lose their fraction as Go's do; base64 becomes bytes. */
export const scalarCodecs: Readonly<Record<ScalarType, ScalarCodec>> = {
  string: {
    wireType: wire.bytes,
    write(writer, value) {
      const { mark } = writer;
      writer.text(value as string);
      writer.varint(writer.mark - mark);
    },
    read: (reader) => reader.text(),
  },
  bool: varint(
    (reader) => reader.varint() !== 0,
    (writer, value) => writer.varint(value ? 1 : 0),
  ),
  int32: integer,
  int64: integer,
  float64: {
    wireType: wire.fixed64,
    write: (writer, value) => writer.double(value as number),
    read: (reader) => reader.double(),
  },
  bytes: {
    wireType: wire.bytes,
    write(writer, value) {
      const bytes = Buffer.from(value as string, "base64");
      writer.bytes(bytes);
      writer.varint(bytes.length);
    },
    read(reader) {
      const block = reader.block();
      return Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString("base64");
    },
  },
  quantity: message(
    (reader) => readOnlyField(reader, (field) => field.text()) ?? "",
    (writer, value) => {
      const { mark } = writer;
      writer.text(value as string);
      writer.endMessage(1, mark);
    },
  ),
  time: message((reader) => readTime(reader, false), writeTime),
  microTime: message((reader) => readTime(reader, true), writeTime),
  duration: message(
    (reader) => formatDuration(readOnlyField(reader, (field) => field.int64()) ?? 0n),
    (writer, value) => {
      writer.int64(parseDuration(value as string));
      writer.tag(1, wire.varint);
    },
  ),
  intOrString: message(readIntOrString, writeIntOrString),
  fieldsV1: json,
  raw: json,
  any: json,
};

function readOnlyField<T>(
  reader: ProtobufReader,
  read: (reader: ProtobufReader) => T,
): T | undefined {
  let value: T | undefined;
  while (!reader.done) {
    const tag = reader.varint();
    if (Math.floor(tag / 8) === 1) value = read(reader);
    else reader.skip(tag % 8);
  }
  return value;
}

/** Fields that are whole numbers, by number; others are skipped. */
function readIntegers(reader: ProtobufReader): Map<number, number> {
  const out = new Map<number, number>();
  while (!reader.done) {
    const tag = reader.varint();
    if (tag % 8 === wire.varint) out.set(Math.floor(tag / 8), reader.int());
    else reader.skip(tag % 8);
  }
  return out;
}

function readTime(reader: ProtobufReader, micros: boolean): string | null {
  const fields = readIntegers(reader);
  const seconds = fields.get(1) ?? 0;
  const nanos = fields.get(2) ?? 0;
  if (seconds === 0 && nanos === 0) return null;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return null;
  const base = date.toISOString().slice(0, -5);
  if (!micros) return `${base}Z`;
  return `${base}.${Math.floor(nanos / 1000).toString().padStart(6, "0")}Z`;
}

function writeTime(writer: ProtobufWriter, value: unknown): void {
  if (typeof value !== "string") return;
  const micros = Number(/\.(\d{6})/.exec(value)?.[1] ?? "0");
  writer.varint(micros * 1000);
  writer.tag(2, wire.varint);
  writer.int64(Math.floor(Date.parse(value) / 1000));
  writer.tag(1, wire.varint);
}

function readIntOrString(reader: ProtobufReader): number | string {
  let isString = false;
  let int = 0;
  let text = "";
  while (!reader.done) {
    const tag = reader.varint();
    const field = Math.floor(tag / 8);
    if (field === 1) isString = reader.int() === 1;
    else if (field === 2) int = reader.int();
    else if (field === 3) text = reader.text();
    else reader.skip(tag % 8);
  }
  return isString ? text : int;
}

function writeIntOrString(writer: ProtobufWriter, value: unknown): void {
  const isString = typeof value === "string";
  const { mark } = writer;
  if (isString) writer.text(value);
  writer.endMessage(3, mark);
  writer.int64(isString ? 0 : value as number);
  writer.tag(2, wire.varint);
  writer.varint(isString ? 1 : 0);
  writer.tag(1, wire.varint);
}
