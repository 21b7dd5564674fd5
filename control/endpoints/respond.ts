import { apiVersionOf, type KindDefinition, type KubeObject } from "../../shared/api/kind.ts";
import { encodeEnveloped } from "../../shared/codec/protobuf_envelope.ts";
import { encodeYaml } from "../../shared/codec/yaml.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { ListMeta, Status } from "../../shared/meta/types.gen.ts";
import { schemaOf, schemaOfType, type StructNode } from "../../shared/schema/schema.ts";
import { decodeStored, typeMetaLength } from "../registry/stored_object.ts";
import { partialMetadataOf, tableOf } from "../registry/table.ts";
import { type BodyWriter, bytesResponse, DirectResponse, sourceResponse } from "./direct_body.ts";
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

/** Lists are handed over in parts of about this size. */
const partBytes = 256 * 1024;

/** The stored bytes one after the other, none of them copied: part by part as the client takes them. */
function joinedList(
  negotiated: Negotiated,
  kind: KindDefinition,
  metadata: ListMeta,
  entries: readonly Entry[],
): Response {
  const { items: _items, ...head } = listOf(kind, metadata, []);
  const start = encoder.encode(JSON.stringify(head).slice(0, -1) + ',"items":[');
  // Of an item's leading kind and apiVersion, the comma that ends them gives way to a brace.
  const skipped = isBuiltIn(kind) ? typeMetaLength(kind) : 0;
  const list = new JoinedList(start, entries, skipped);
  const parts = list.next(partBytes);
  const init = { headers: headersOf(negotiated) };
  if (list.ended) return new DirectResponse(parts, init) as unknown as Response;
  return sourceResponse((writer) => pour(parts, list, writer), init);
}

function pour(first: readonly Uint8Array[], list: JoinedList, writer: BodyWriter): void {
  let open = true;
  let parts = first;
  writer.onClose(() => open = false);
  const go = () => {
    while (open) {
      const room = writer.write(...parts);
      if (list.ended) {
        open = false;
        return writer.end();
      }
      parts = list.next(partBytes);
      if (!room) return;
    }
  };
  writer.onDrain(go);
  go();
}

const listEnd = encoder.encode("]}");
const itemStart = encoder.encode("{");
const nextItemStart = encoder.encode(",{");
const nextItem = encoder.encode(",");

/** A list's bytes as pieces of what is stored and what goes between. */
class JoinedList {
  readonly #start: Uint8Array;
  readonly #entries: readonly Entry[];
  /** How much of each value is left out. */
  readonly #skipped: number;
  #next = 0;
  #ended = false;

  constructor(start: Uint8Array, entries: readonly Entry[], skipped: number) {
    this.#start = start;
    this.#entries = entries;
    this.#skipped = skipped;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whole items of at least `size` bytes together, or the rest. */
  next(size: number): Uint8Array[] {
    const parts: Uint8Array[] = this.#next === 0 ? [this.#start] : [];
    const skipped = this.#skipped;
    let length = 0;
    while (this.#next < this.#entries.length && length < size) {
      const { value } = this.#entries[this.#next]!;
      const first = this.#next++ === 0;
      if (skipped > 0) parts.push(first ? itemStart : nextItemStart, value.subarray(skipped));
      else if (first) parts.push(value);
      else parts.push(nextItem, value);
      length += value.length;
    }
    this.#ended = this.#next === this.#entries.length;
    if (this.#ended) parts.push(listEnd);
    return parts;
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
