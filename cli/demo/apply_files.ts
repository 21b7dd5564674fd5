import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { Client } from "../../shared/client/client.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import type { Resource } from "../../shared/client/resource.ts";

/** The objects in the YAML files of a directory, in the order of names and documents. */
export async function readManifests(directory: string): Promise<KubeObject[]> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (isFile && /\.(yaml|yml)$/.test(name)) names.push(name);
  }
  const texts = await Promise.all(
    names.sort().map((name) => Deno.readTextFile(`${directory}/${name}`)),
  );
  return texts.flatMap(parseManifests);
}

/** The objects of a YAML text of several documents. Throws if one is no object of the API. */
export function parseManifests(text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0];
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });
}

/** Where `kubectl apply` remembers what it applied, to find out what was taken away since. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * Applies objects on the server's side, one after another. Each remembers its configuration as `kubectl apply` would, so
 * that users can go on with that command.
 */
export async function applyAll(client: Client, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) {
    const { name, namespace } = object.metadata;
    const annotations = {
      ...object.metadata.annotations,
      [lastApplied]: JSON.stringify(object) + "\n",
    };
    const applied = { ...object, metadata: { ...object.metadata, annotations } };
    await client.patch(resourceOf(object), { name: name!, namespace }, applied, {
      type: "apply",
      fieldManager: "coracle",
      force: true,
    });
  }
}

function resourceOf({ apiVersion, kind }: KubeObject): Resource {
  const found = Object.values<Resource>(resources).find((resource) => {
    const { group, version } = resource;
    return resource.kind === kind && (group ? `${group}/${version}` : version) === apiVersion;
  });
  if (found) return found;
  throw new Error(`Cannot apply ${kind} of ${apiVersion}: the built-in API has no such kind`);
}
