import { formsOf } from "../schema/alternatives.ts";
import type { SchemaNode } from "../schema/schema.ts";
import type { ValueCodec } from "./protobuf.ts";
import type { ProtobufReader } from "./protobuf_reader.ts";
import { type ProtobufWriter, wire } from "./protobuf_writer.ts";

/** Field numbers of the messages behind the `JSONSchemaPropsOr…` types. */
interface Numbers {
  readonly schema: number;
  readonly list?: number;
  readonly allows?: number;
}
const numbersOf: Readonly<Record<string, Numbers>> = {
  "v1.JSONSchemaPropsOrArray": { schema: 1, list: 2 },
  "v1.JSONSchemaPropsOrStringArray": { schema: 1, list: 2 },
  "v1.JSONSchemaPropsOrBool": { allows: 1, schema: 2 },
};

/** The codec of a type that is a schema, a list or a boolean in JSON, and always a message in protobuf. */
export function alternativesCodec(
  goName: string,
  codecOf: (node: SchemaNode) => ValueCodec,
): ValueCodec {
  const numbers = numbersOf[goName];
  if (!numbers) throw new TypeError(`Cannot encode as protobuf: unknown type ${goName}`);
  const schemaCodec = () => codecOf(formsOf(goName)!.object);
  const itemCodec = () => codecOf(formsOf(goName)!.list?.items ?? formsOf(goName)!.object);
  return {
    wireType: wire.bytes,
    write(writer, value) {
      const { mark } = writer;
      if (Array.isArray(value)) writeList(writer, value, { codec: itemCodec(), numbers });
      else writeSingle(writer, value, { codec: schemaCodec(), numbers });
      writer.varint(writer.mark - mark);
    },
    read: (reader) =>
      readAlternatives(reader.message(), numbers, { schema: schemaCodec(), item: itemCodec() }),
  };
}

interface Target {
  readonly codec: ValueCodec;
  readonly numbers: Numbers;
}

function writeList(writer: ProtobufWriter, list: readonly unknown[], target: Target): void {
  for (let i = list.length - 1; i >= 0; i--) {
    target.codec.write(writer, list[i]);
    writer.tag(target.numbers.list!, wire.bytes);
  }
}

function writeSingle(writer: ProtobufWriter, value: unknown, target: Target): void {
  const { schema, allows } = target.numbers;
  if (typeof value === "object") {
    target.codec.write(writer, value);
    writer.tag(schema, wire.bytes);
  }
  if (allows !== undefined) {
    writer.varint(value === false ? 0 : 1);
    writer.tag(allows, wire.varint);
  }
}

function readAlternatives(
  reader: ProtobufReader,
  numbers: Numbers,
  codecs: { readonly schema: ValueCodec; readonly item: ValueCodec },
): unknown {
  let schema: unknown;
  let allows = false;
  const list: unknown[] = [];
  while (!reader.done) {
    const tag = reader.varint();
    const field = Math.floor(tag / 8);
    if (field === numbers.schema) schema = codecs.schema.read(reader, schema);
    else if (field === numbers.list) list.push(codecs.item.read(reader, undefined));
    else if (field === numbers.allows) allows = reader.varint() !== 0;
    else reader.skip(tag % 8);
  }
  if (list.length > 0) return list;
  return schema ?? (numbers.allows === undefined ? null : allows);
}
