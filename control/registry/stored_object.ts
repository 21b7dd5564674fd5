import { apiVersionOf, type KindDefinition, type KubeObject } from "../../shared/api/kind.ts";
import type { Revision } from "../storage/storage.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** `/registry/apps/deployments/`: under which all objects of a stored kind live. */
export function prefixOf(kind: { readonly group: string; readonly plural: string }): string {
  return `/registry/${kind.group || "core"}/${kind.plural}/`;
}

/** The storage key of one object. */
export function keyOf(kind: KindDefinition, namespace: string, name: string): string {
  return kind.scope === "Namespaced"
    ? `${prefixOf(kind)}${namespace}/${name}`
    : prefixOf(kind) + name;
}

/**
 * The bytes that are stored and sent: JSON that begins with kind and apiVersion, so that a list item (which carries
 * neither) is a slice of it. Sets the object's resourceVersion.
 */
export function encodeStored(
  kind: KindDefinition,
  object: KubeObject,
  revision: Revision,
): Uint8Array {
  object.metadata.resourceVersion = String(revision);
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return encoder.encode(typeMetaOf(kind) + JSON.stringify(rest).slice(1));
}

/**
 * Parses what `encodeStored` made. The result belongs to the caller. With `kind`, bytes that an older form of the kind
 * wrote come as the kind is now.
 */
export function decodeStored(value: Uint8Array, kind?: KindDefinition): KubeObject {
  const object = JSON.parse(decoder.decode(value)) as KubeObject;
  return kind?.revive ? kind.revive(object) : object;
}

/** The bytes as the kind would store them now: the same array if nothing changes. */
export function refreshStored(kind: KindDefinition, value: Uint8Array): Uint8Array {
  const object = decodeStored(value, kind);
  const revision = Number(object.metadata.resourceVersion) as Revision;
  const now = encodeStored(kind, object, revision);
  return now.length === value.length && now.every((byte, i) => byte === value[i]) ? value : now;
}

/** The bytes as they stand in a list of a built-in kind: without kind and apiVersion. */
export function listItemOf(kind: KindDefinition, value: Uint8Array): Uint8Array {
  const item = value.subarray(typeMetaOf(kind).length - 1);
  // The byte before the first remaining field becomes the opening brace; the original is shared, so copy.
  const copy = item.slice();
  copy[0] = 0x7b;
  return copy;
}

const typeMetas = new WeakMap<KindDefinition, string>();

function typeMetaOf(kind: KindDefinition): string {
  const known = typeMetas.get(kind);
  if (known !== undefined) return known;
  const name = `"kind":${JSON.stringify(kind.kind)}`;
  const version = `"apiVersion":${JSON.stringify(apiVersionOf(kind))}`;
  // Custom objects are maps to the reference, which it writes sorted.
  const text = kind.schema.goType === "" ? `{${version},${name},` : `{${name},${version},`;
  typeMetas.set(kind, text);
  return text;
}

/** How many bytes of every stored value of `kind` are kind and apiVersion, up to and including the comma. */
export function typeMetaLength(kind: KindDefinition): number {
  return typeMetaOf(kind).length;
}
