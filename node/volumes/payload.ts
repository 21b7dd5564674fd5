import { Buffer } from "node:buffer";
import type { ConfigMap, KeyToPath, Secret } from "../../shared/api/core/v1/types.gen.ts";
import type { VolumeFile } from "./atomic_writer.ts";
import type { ObjectSource } from "./plugin.ts";

/** Which keys of an object become which files. */
export interface KeySelection {
  readonly items?: readonly KeyToPath[] | undefined;
  readonly optional?: boolean | undefined;
  /** For files whose item names no mode. */
  readonly defaultMode: number;
}

/** Files of a ConfigMap. Rejects with the reference's texts if it, or a key, is missing and must not be. */
export async function configMapFiles(
  objects: ObjectSource,
  ref: { readonly namespace: string; readonly name: string },
  selection: KeySelection,
): Promise<VolumeFile[]> {
  const found = await objects.configMap(ref.namespace, ref.name);
  if (!found && !selection.optional) throw new Error(`configmap "${ref.name}" not found`);
  return select(found ? configMapData(found) : new Map(), selection);
}

/** Files of a Secret; see `configMapFiles`. */
export async function secretFiles(
  objects: ObjectSource,
  ref: { readonly namespace: string; readonly name: string },
  selection: KeySelection,
): Promise<VolumeFile[]> {
  const found = await objects.secret(ref.namespace, ref.name);
  if (!found && !selection.optional) throw new Error(`secret "${ref.name}" not found`);
  return select(found ? secretData(found) : new Map(), selection);
}

/** Every value of a ConfigMap as bytes. */
export function configMapData(object: ConfigMap): Map<string, Uint8Array> {
  const encoder = new TextEncoder();
  const all = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(object.data ?? {})) all.set(key, encoder.encode(text));
  for (const [key, base64] of Object.entries(object.binaryData ?? {})) all.set(key, bytes(base64));
  return all;
}

/** Every value of a Secret as bytes. */
export function secretData(object: Secret): Map<string, Uint8Array> {
  return new Map(Object.entries(object.data ?? {}).map(([key, base64]) => [key, bytes(base64)]));
}

function bytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

function select(data: ReadonlyMap<string, Uint8Array>, selection: KeySelection): VolumeFile[] {
  const { items, optional, defaultMode } = selection;
  if (!items || items.length === 0) {
    return Array.from(data, ([path, content]) => ({ path, content, mode: defaultMode }));
  }
  const chosen: VolumeFile[] = [];
  for (const { key, path, mode } of items) {
    const content = data.get(key);
    if (content) chosen.push({ path, content, mode: mode ?? defaultMode });
    else if (!optional) throw new Error(`references non-existent config key: ${key}`);
  }
  return chosen;
}
