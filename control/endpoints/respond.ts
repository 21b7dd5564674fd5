import { apiVersionOf, type KindDefinition, type KubeObject } from "../../shared/api/kind.ts";
import { encodeEnveloped } from "../../shared/codec/protobuf_envelope.ts";
import { encodeYaml } from "../../shared/codec/yaml.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { ListMeta, Status } from "../../shared/meta/types.gen.ts";
import { schemaOf, schemaOfType, type StructNode } from "../../shared/schema/schema.ts";
import { decodeStored, typeMetaLength } from "../registry/stored_object.ts";
import { partialMetadataOf, tableOf } from "../registry/table.ts";
import type { Entry } from "../storage/cacher/cache.ts";
import { mediaTypes, type Negotiated, plainJson } from "./negotiation.ts";

const encoder = new TextEncoder();

/** An answer of a known kind that is not a stored object: Status, reviews, Scale. */
export function respondWith(
  negotiated: Negotiated,
  object: { readonly kind?: string; readonly apiVersion?: string },
  code = 200,
): Response {
  return bytesResponse(negotiated, encodeAny(negotiated, object), code);
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
    return bytesResponse(negotiated, value, code);
  }
  const known = object ?? decodeStored(value!);
  if (as === "Table") {
    const { resourceVersion } = known.metadata;
    const metadata = resourceVersion === undefined ? {} : { resourceVersion };
    return respondWith(negotiated, tableOf(kind, [known], metadata, { now, includeObject }), code);
  }
  if (as === "PartialObjectMetadata") {
    return respondWith(negotiated, partialMetadataOf(known, negotiated.metaVersion), code);
  }
  return bytesResponse(negotiated, encodeAs(negotiated, kind.schema, known), code);
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
  if (format === "json" && as === "" && !pretty && !kind.storedAs) {
    return bytesResponse(negotiated, joinList(kind, metadata, entries), 200);
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
  return bytesResponse(negotiated, encodeAs(negotiated, schema, list), 200);
}

/** Items of built-in kinds carry no kind and apiVersion of their own; those of custom kinds do. */
function listOf(kind: KindDefinition, metadata: ListMeta, objects: readonly KubeObject[]) {
  const items = isBuiltIn(kind)
    ? objects.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest)
    : objects;
  return { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items };
}

export function isBuiltIn(kind: KindDefinition): boolean {
  return kind.schema.goType !== "";
}

const comma = 0x2c;
const brace = 0x7b;

/** One buffer of the right size; each item's bytes are copied once. */
function joinList(kind: KindDefinition, metadata: ListMeta, entries: readonly Entry[]): Uint8Array {
  const { items: _items, ...head } = listOf(kind, metadata, []);
  const start = encoder.encode(JSON.stringify(head).slice(0, -1) + ',"items":[');
  // The last byte of the skipped part is a comma: overwritten by the brace that opens the item.
  const skip = isBuiltIn(kind) ? typeMetaLength(kind) - 1 : 0;
  let length = start.length + 2 + Math.max(0, entries.length - 1);
  for (const entry of entries) length += entry.value.length - skip;
  const out = new Uint8Array(length);
  out.set(start);
  let at = start.length;
  for (let i = 0; i < entries.length; i++) {
    if (i > 0) out[at++] = comma;
    const { value } = entries[i]!;
    out.set(skip > 0 ? value.subarray(skip) : value, at);
    out[at] = brace;
    at += value.length - skip;
  }
  out[at++] = 0x5d;
  out[at] = 0x7d;
  return out;
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

function bytesResponse(negotiated: Negotiated, bytes: Uint8Array, code: number): Response {
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    status: code,
    headers: {
      "content-type": mediaTypes[negotiated.format],
      "cache-control": "no-cache, private",
    },
  });
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
