import { apiVersionOf, type KindDefinition, type KubeObject } from "../../shared/api/kind.ts";
import { encodeEnveloped } from "../../shared/codec/protobuf_envelope.ts";
import { encodeYaml } from "../../shared/codec/yaml.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { ListMeta, Status } from "../../shared/meta/types.gen.ts";
import { schemaOf, schemaOfType, type StructNode } from "../../shared/schema/schema.ts";
import { decodeStored, typeMetaLength } from "../registry/stored_object.ts";
import { partialMetadataOf, tableOf } from "../registry/table.ts";
import { type BodyWriter, bytesResponse, sourceResponse } from "./direct_body.ts";
import type { Entry } from "../storage/cacher/cache.ts";
import { mediaTypes, type Negotiated, plainJson } from "./negotiation.ts";

const encoder = new TextEncoder();

/** An answer of a known kind that is not a stored object: Status, reviews, Scale. */
export function respondWith(
  negotiated: Negotiated,
  object: { readonly kind?: string; readonly apiVersion?: string },
  code = 200,
): Response {
  return answer(negotiated, encodeAny(negotiated, object), code);
}

/** A refusal, in the form the client asked for if that can be had. */
export function respondError(negotiated: Negotiated | undefined, error: StatusError): Response {
  const form = negotiated ? { ...negotiated, as: "" as const } : plainJson;
  const response = respondWith(form, error.toStatus(), error.code);
  const retry = error.details?.retryAfterSeconds;
  if (retry) response.headers.set("retry-after", String(retry));
  return response;
}

/** One object of `kind`; `value` are its encoded bytes in that version, if they are at hand. */
export function respondObject(
  negotiated: Negotiated,
  kind: KindDefinition,
  { object, value, code = 200, now }: {
    readonly object?: KubeObject | undefined;
    readonly value?: Uint8Array | undefined;
    readonly code?: number;
    readonly now: number;
  },
): Response {
  const { format, as, pretty, includeObject } = negotiated;
  if (as === "PartialObjectMetadataList") {
    throw notAcceptableAs(as, `not a list (*${packageOf(kind)}.${kind.kind})`);
  }
  if (value && as === "" && format === "json" && !pretty) {
    return answer(negotiated, value, code);
  }
  checkEncodable(negotiated, kind, "Unstructured");
  const known = object ?? decodeStored(value!);
  if (as === "Table") {
    const { resourceVersion } = known.metadata;
    const metadata = resourceVersion === undefined ? {} : { resourceVersion };
    return respondWith(negotiated, tableOf(kind, [known], metadata, { now, includeObject }), code);
  }
  if (as === "PartialObjectMetadata") {
    return respondWith(negotiated, partialMetadataOf(known, negotiated.metaVersion), code);
  }
  return answer(negotiated, encodeAs(negotiated, kind.schema, known), code);
}

/** A list of `kind`: the stored bytes joined, or decoded and turned into what was asked for. */
export function respondList(
  negotiated: Negotiated,
  kind: KindDefinition,
  { entries, metadata, now, decode }: {
    readonly entries: readonly Entry[];
    readonly metadata: ListMeta;
    readonly now: number;
    /** From stored bytes to the version that is served. */
    decode(value: Uint8Array): KubeObject;
  },
): Response {
  const { format, as, pretty, includeObject } = negotiated;
  if (as === "PartialObjectMetadata") {
    throw notAcceptableAs(as, `a list (*${packageOf(kind)}.${kind.kind}List)`);
  }
  checkEncodable(negotiated, kind, "UnstructuredList");
  if (format === "json" && as === "" && !pretty && !kind.storedAs) {
    return joinedList(negotiated, kind, metadata, entries);
  }
  const objects = entries.map((entry) => decode(entry.value));
  if (as === "Table") {
    return respondWith(negotiated, tableOf(kind, objects, metadata, { now, includeObject }));
  }
  if (as === "PartialObjectMetadataList") {
    const partial = {
      kind: "PartialObjectMetadataList",
      apiVersion: `meta.k8s.io/${negotiated.metaVersion}`,
      metadata,
      // The reference leaves the list out where it had nothing to turn.
      items: objects.length === 0
        ? null
        : objects.map((object) => partialMetadataOf(object, negotiated.metaVersion)),
    };
    return respondWith(negotiated, partial);
  }
  const list = listOf(kind, metadata, objects);
  const schema = format === "protobuf" ? schemaOf(list.apiVersion, list.kind) : kind.schema;
  return answer(negotiated, encodeAs(negotiated, schema, list), 200);
}

/**
 * Items of built-in kinds carry no kind and apiVersion of their own; those of custom kinds do, and their lists always
 * say where to continue.
 */
function listOf(kind: KindDefinition, metadata: ListMeta, objects: readonly KubeObject[]) {
  const head = { kind: kind.listKind ?? `${kind.kind}List`, apiVersion: apiVersionOf(kind) };
  if (!isBuiltIn(kind)) return { ...head, metadata: { continue: "", ...metadata }, items: objects };
  const items = objects.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest);
  return { ...head, metadata, items };
}

/** Custom resources have no protobuf form. Throws NotAcceptable; `type` is what the reference calls them. */
export function checkEncodable(
  { format, as }: Negotiated,
  kind: KindDefinition,
  type: "Unstructured" | "UnstructuredList",
): void {
  if (format !== "protobuf" || as !== "" || isBuiltIn(kind)) return;
  throw new StatusError("NotAcceptable", notMarshalable(type));
}

/** Why something that is no protobuf message cannot be one. */
export function notMarshalable(type: string): string {
  return `object *unstructured.${type} does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message`;
}

export function isBuiltIn(kind: KindDefinition): boolean {
  return kind.schema.goType !== "";
}

const comma = 0x2c;
const brace = 0x7b;
/** Lists up to this size are one buffer; longer ones are sent in pieces of it. */
const pieceBytes = 256 * 1024;

/** The stored bytes joined: in one buffer, or piece by piece as the client takes them. */
function joinedList(
  negotiated: Negotiated,
  kind: KindDefinition,
  metadata: ListMeta,
  entries: readonly Entry[],
): Response {
  const { items: _items, ...head } = listOf(kind, metadata, []);
  const start = encoder.encode(JSON.stringify(head).slice(0, -1) + ',"items":[');
  const list = new JoinedList(start, entries, isBuiltIn(kind) ? typeMetaLength(kind) - 1 : 0);
  if (list.length <= pieceBytes) return answer(negotiated, list.next(list.length)!, 200);
  return sourceResponse((writer) => pour(list, writer), { headers: headersOf(negotiated) });
}

function pour(list: JoinedList, writer: BodyWriter): void {
  let open = true;
  writer.onClose(() => open = false);
  const go = () => {
    while (open) {
      const piece = list.next(pieceBytes);
      if (!piece) {
        open = false;
        return writer.end();
      }
      if (!writer.write(piece)) return;
    }
  };
  writer.onDrain(go);
  go();
}

/** A list's bytes, made as they are asked for: each item is copied once. */
class JoinedList {
  readonly length: number;
  readonly #start: Uint8Array;
  readonly #entries: readonly Entry[];
  /** How much of each value is left out; the byte before the rest is a comma, overwritten by the item's brace. */
  readonly #skip: number;
  #next = -1;

  constructor(start: Uint8Array, entries: readonly Entry[], skip: number) {
    this.#start = start;
    this.#entries = entries;
    this.#skip = skip;
    let length = start.length + 2 + Math.max(0, entries.length - 1);
    for (const entry of entries) length += entry.value.length - skip;
    this.length = length;
  }

  /** The next whole items, of at least `size` bytes together unless the list ends; undefined after the end. */
  next(size: number): Uint8Array | undefined {
    const entries = this.#entries;
    if (this.#next > entries.length) return undefined;
    const first = this.#next;
    let last = Math.max(first, 0);
    let length = first < 0 ? this.#start.length : 0;
    while (last < entries.length && length < size) length += this.#sizeOf(last++);
    const ends = last === entries.length;
    const out = new Uint8Array(length + (ends ? 2 : 0));
    let at = 0;
    if (first < 0) {
      out.set(this.#start);
      at = this.#start.length;
    }
    for (let i = Math.max(first, 0); i < last; i++) at = this.#put(out, at, i);
    if (ends) out.set([0x5d, 0x7d], at);
    this.#next = ends ? entries.length + 1 : last;
    return out;
  }

  #sizeOf(i: number): number {
    return this.#entries[i]!.value.length - this.#skip + (i > 0 ? 1 : 0);
  }

  #put(out: Uint8Array, at: number, i: number): number {
    const { value } = this.#entries[i]!;
    if (i > 0) out[at++] = comma;
    out.set(this.#skip > 0 ? value.subarray(this.#skip) : value, at);
    out[at] = brace;
    return at + value.length - this.#skip;
  }
}

/** The bytes of any object whose kind the API knows. */
export function encodeAny(
  negotiated: Negotiated,
  object: { readonly kind?: string; readonly apiVersion?: string },
): Uint8Array {
  if (negotiated.format !== "protobuf") {
    return encodeAs(negotiated, undefined, object);
  }
  const { apiVersion = "", kind = "" } = object;
  const schema = apiVersion.startsWith("meta.k8s.io/")
    ? schemaOfType(`k8s.io.apimachinery.pkg.apis.meta.v1.${kind}`)
    : schemaOf(apiVersion, kind);
  return encodeAs(negotiated, schema, object);
}

function encodeAs(
  { format, pretty }: Negotiated,
  schema: StructNode | undefined,
  object: { readonly kind?: string; readonly apiVersion?: string },
): Uint8Array {
  if (format === "yaml") return encoder.encode(encodeYaml(object));
  if (format === "protobuf" && schema) return encodeEnveloped(schema, object);
  return encoder.encode(pretty ? JSON.stringify(object, null, 2) + "\n" : JSON.stringify(object));
}

function answer(negotiated: Negotiated, bytes: Uint8Array, code: number): Response {
  return bytesResponse(bytes, { status: code, headers: headersOf(negotiated) });
}

function headersOf({ format }: Negotiated): Record<string, string> {
  return { "content-type": mediaTypes[format], "cache-control": "no-cache, private" };
}

/** `Success`, naming what was deleted. */
export function deletedStatus(kind: KindDefinition, object: KubeObject): Status {
  const { name = "", uid = "" } = object.metadata;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name, ...(kind.group !== "" && { group: kind.group }), kind: kind.plural, uid },
  };
}

function notAcceptableAs(as: string, why: string): StatusError {
  return new StatusError(
    "NotAcceptable",
    `you requested ${as}, but the requested object is ${why}`,
  );
}

/** The package under which the reference knows a group's types, in messages. */
function packageOf(kind: KindDefinition): string {
  return kind.group === "" ? "core" : kind.group.split(".")[0]!;
}
