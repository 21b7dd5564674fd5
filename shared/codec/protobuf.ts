import { DecodeError } from "../schema/decode_error.ts";
import { setKey } from "../schema/json_object.ts";
import type { FieldNode, SchemaNode, StructNode } from "../schema/schema.ts";
import { hasAlternatives } from "../schema/alternatives.ts";
import { alternativesCodec } from "./protobuf_alternatives.ts";
import { ProtobufReader } from "./protobuf_reader.ts";
import { scalarCodecs } from "./protobuf_scalars.ts";
import { ProtobufWriter, wire } from "./protobuf_writer.ts";

type JsonObject = Record<string, unknown>;

/** Whether the type has a protobuf form: custom resources and tables do not. */
export function hasProtobuf(schema: StructNode): boolean {
  for (const field of schema.fields.values()) if (field.proto > 0) return true;
  return false;
}

/**
 * The protobuf message of an object that fits its schema (as decodeObject leaves it), without the envelope. The object's
 * kind and apiVersion are not part of it.
 */
export function encodeProtobuf(schema: StructNode, object: object): Uint8Array {
  const writer = new ProtobufWriter();
  writeMessage(writer, schema, object as JsonObject);
  return writer.finish();
}

/**
 * The JSON value of a protobuf message, to be given to decodeObject as parsed JSON is (zero values are still there).
 * Unknown field numbers are skipped. Throws DecodeError for a broken message.
 */
export function decodeProtobuf(schema: StructNode, bytes: Uint8Array): JsonObject {
  const out: JsonObject = {};
  readMessage(new ProtobufReader(bytes), schema, out);
  return out;
}

/** Writes the fields of `object`, last to first, without length or tag. */
export function writeMessage(writer: ProtobufWriter, schema: StructNode, object: JsonObject): void {
  writeFields(writer, planOf(schema), object);
}

/** Reads fields up to the end of the message into `out`. */
export function readMessage(reader: ProtobufReader, schema: StructNode, out: JsonObject): void {
  readFields(reader, planOf(schema), out);
}

/** One field of a message: a field of the object, or a message for what JSON inlines. */
interface Entry {
  readonly number: number;
  readonly name: string;
  write(writer: ProtobufWriter, object: JsonObject): void;
  read(reader: ProtobufReader, out: JsonObject, wireType: number): void;
}
interface MessagePlan {
  /** By descending number, as they are written. */
  readonly entries: readonly Entry[];
  readonly byNumber: ReadonlyMap<number, Entry>;
}

const plans = new WeakMap<StructNode, MessagePlan>();

function planOf(schema: StructNode): MessagePlan {
  let plan = plans.get(schema);
  if (!plan) {
    plan = compileMessage([...schema.fields.values()].filter(({ proto }) => proto > 0), 0);
    plans.set(schema, plan);
  }
  return plan;
}

/** `depth`: how many inlined messages are around. */
function compileMessage(fields: readonly FieldNode[], depth: number): MessagePlan {
  const inlined = new Map<number, FieldNode[]>();
  const entries: Entry[] = [];
  for (const field of fields) {
    const parent = field.protoParents?.[depth];
    if (parent === undefined) entries.push(compileField(field));
    else inlined.set(parent, [...(inlined.get(parent) ?? []), field]);
  }
  for (const [number, members] of inlined) {
    entries.push(compileInlined(number, compileMessage(members, depth + 1)));
  }
  entries.sort((a, b) => b.number - a.number);
  return { entries, byNumber: new Map(entries.map((entry) => [entry.number, entry])) };
}

function compileInlined(number: number, plan: MessagePlan): Entry {
  return {
    number,
    name: "",
    write(writer, object) {
      const { mark } = writer;
      writeFields(writer, plan, object);
      writer.endMessage(number, mark);
    },
    read: (reader, out) => readFields(reader.message(), plan, out),
  };
}

function compileField(field: FieldNode): Entry {
  const { name, node, proto: number } = field;
  if (node.type === "list") return compileList(field, node.items);
  if (node.type === "map") return compileMap(field, node.values);
  const codec = codecOf(node);
  return {
    number,
    name,
    write(writer, object) {
      const value = object[name];
      if (value === undefined || value === null) return;
      codec.write(writer, value);
      writer.tag(number, codec.wireType);
    },
    read(reader, out, wireType) {
      checkWire(name, wireType, codec.wireType);
      // A message that comes in parts is one message.
      out[name] = codec.read(reader, out[name]);
    },
  };
}

function compileList(field: FieldNode, items: SchemaNode): Entry {
  const { name, proto: number } = field;
  if (field.protoItems) return compileWrappedList(field, items);
  const codec = codecOf(items);
  const empty = items.type === "struct" ? {} : null;
  return {
    number,
    name,
    write(writer, object) {
      const list = object[name];
      if (!Array.isArray(list)) return;
      for (let i = list.length - 1; i >= 0; i--) {
        codec.write(writer, list[i] ?? empty);
        writer.tag(number, codec.wireType);
      }
    },
    read(reader, out, wireType) {
      const list = (out[name] ??= []) as unknown[];
      if (wireType === wire.bytes && codec.wireType !== wire.bytes) {
        const packed = reader.message();
        while (!packed.done) list.push(codec.read(packed, undefined));
        return;
      }
      checkWire(name, wireType, codec.wireType);
      list.push(codec.read(reader, undefined));
    },
  };
}

/** A list in a message of its own: `items = 1`. */
function compileWrappedList(field: FieldNode, items: SchemaNode): Entry {
  const codec = itemsCodec(items);
  const { name, proto: number } = field;
  return {
    number,
    name,
    write(writer, object) {
      const list = object[name];
      if (!Array.isArray(list)) return;
      codec.write(writer, list);
      writer.tag(number, wire.bytes);
    },
    read(reader, out) {
      out[name] = codec.read(reader, out[name]);
    },
  };
}

/** A map is a list of messages: `key = 1`, `value = 2`. A list as the value is a message `items = 1`. */
function compileMap(field: FieldNode, values: SchemaNode): Entry {
  const { name, proto: number } = field;
  const codec = values.type === "list" ? itemsCodec(values.items) : codecOf(values);
  return {
    number,
    name,
    write(writer, object) {
      const map = object[name];
      if (typeof map !== "object" || map === null) return;
      for (const [key, value] of Object.entries(map).reverse()) {
        const { mark } = writer;
        if (value !== null) {
          codec.write(writer, value);
          writer.tag(2, codec.wireType);
        }
        const keyMark = writer.mark;
        writer.text(key);
        writer.endMessage(1, keyMark);
        writer.endMessage(number, mark);
      }
    },
    read(reader, out) {
      const map = (out[name] ??= {}) as JsonObject;
      const entry = reader.message();
      let key = "";
      let value: unknown = null;
      while (!entry.done) {
        const tag = entry.varint();
        if (Math.floor(tag / 8) === 1) key = entry.text();
        else if (Math.floor(tag / 8) === 2) value = codec.read(entry, undefined);
        else entry.skip(tag % 8);
      }
      setKey(map, key, value);
    },
  };
}

/** Writes and reads one value, with its length but without its tag. */
export interface ValueCodec {
  readonly wireType: number;
  write(writer: ProtobufWriter, value: unknown): void;
  /** `before`: what an earlier part of the same message gave. */
  read(reader: ProtobufReader, before: unknown): unknown;
}

const codecs = new WeakMap<SchemaNode, ValueCodec>();

function codecOf(node: SchemaNode): ValueCodec {
  let codec = codecs.get(node);
  if (!codec) {
    codec = makeCodec(node);
    codecs.set(node, codec);
  }
  return codec;
}

function makeCodec(node: SchemaNode): ValueCodec {
  if (node.type === "struct") return structCodec(node);
  if (node.type === "scalar") {
    if (hasAlternatives(node.goName)) return alternativesCodec(node.goName, codecOf);
    return scalarCodecs[node.scalar];
  }
  throw new TypeError(`Cannot encode as protobuf: a ${node.type} inside a list or map`);
}

function structCodec(node: StructNode): ValueCodec {
  return {
    wireType: wire.bytes,
    write(writer, value) {
      const { mark } = writer;
      writeMessage(writer, node, value as JsonObject);
      writer.varint(writer.mark - mark);
    },
    read(reader, before) {
      const out = (before ?? {}) as JsonObject;
      readMessage(reader.message(), node, out);
      return out;
    },
  };
}

function itemsCodec(items: SchemaNode): ValueCodec {
  const list = compileList(
    {
      name: "items",
      node: { type: "list", items, listType: "atomic", mapKeys: [] },
      pointer: false,
      omitEmpty: false,
      omitZero: false,
      proto: 1,
      patchStrategy: [],
    },
    items,
  );
  const plan: MessagePlan = { entries: [list], byNumber: new Map([[1, list]]) };
  return {
    wireType: wire.bytes,
    write(writer, value) {
      const { mark } = writer;
      writeFields(writer, plan, { items: value });
      writer.varint(writer.mark - mark);
    },
    read(reader, before) {
      const out: JsonObject = { items: before ?? [] };
      readFields(reader.message(), plan, out);
      return out.items;
    },
  };
}

function writeFields(writer: ProtobufWriter, { entries }: MessagePlan, object: JsonObject): void {
  for (let i = 0; i < entries.length; i++) entries[i]!.write(writer, object);
}

function readFields(reader: ProtobufReader, plan: MessagePlan, out: JsonObject): void {
  while (!reader.done) {
    const tag = reader.varint();
    const wireType = tag % 8;
    const number = Math.floor(tag / 8);
    if (number === 0) throw new DecodeError(`proto: illegal tag 0 (wire type ${wireType})`);
    const entry = plan.byNumber.get(number);
    if (entry) entry.read(reader, out, wireType);
    else reader.skip(wireType);
  }
}

function checkWire(name: string, given: number, wanted: number): void {
  if (given === wanted) return;
  const field = name.charAt(0).toUpperCase() + name.slice(1);
  throw new DecodeError(`proto: wrong wireType = ${given} for field ${field}`);
}
