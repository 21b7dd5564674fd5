import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Client } from "../../../shared/client/client.ts";
import { isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import type { DiscoveredResource } from "../../../shared/client/discovery.ts";

/** What is left of a namespace's content, and what could not be deleted. */
export interface Remaining {
  /** Objects by `plural.group`. */
  readonly counts: ReadonlyMap<string, number>;
  /** Objects by the finalizer that holds them. */
  readonly finalizers: ReadonlyMap<string, number>;
  readonly errors: readonly string[];
}

/** Deletions under way at once. */
const PARALLEL = 10;

/** Whether the resource has content that a namespace's deletion takes with it. */
export function isContent({ namespaced, verbs, group, plural }: DiscoveredResource): boolean {
  // The same events under two names.
  if (group === "events.k8s.io" && plural === "events") return false;
  return namespaced && verbs.includes("delete") && verbs.includes("list");
}

/**
 * Asks for the deletion of everything in `namespace` that belongs to `kinds`, and tells what is still there. Pods go
 * first, and the rest is not touched while any is left: what they use (network policies, secrets) must outlive them
 * (KEP-5080).
 */
export async function deleteContent(
  client: Client,
  namespace: string,
  kinds: readonly DiscoveredResource[],
): Promise<Remaining> {
  const counts = new Map<string, number>();
  const finalizers = new Map<string, number>();
  const errors: string[] = [];
  const isPods = ({ group, plural }: DiscoveredResource) => group === "" && plural === "pods";
  for (const kind of kinds.toSorted((a, b) => Number(isPods(b)) - Number(isPods(a)))) {
    if (!isPods(kind) && (counts.get("pods.") ?? 0) > 0) break;
    try {
      const left = await deleteAll(client, namespace, kind);
      if (left.length > 0) counts.set(`${kind.plural}.${kind.group}`, left.length);
      for (const finalizer of left.flatMap(({ metadata }) => metadata.finalizers ?? [])) {
        finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
      }
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { counts, finalizers, errors };
}

/** Returns what is still there afterwards. */
async function deleteAll(
  client: Client,
  namespace: string,
  kind: DiscoveredResource,
): Promise<readonly KubeObject[]> {
  const { items } = await client.list(kind, { namespace });
  if (items.length === 0) return [];
  const todo = items.filter((object) => !isBeingDeleted(object));
  const deleteNext = async () => {
    for (let object = todo.pop(); object; object = todo.pop()) {
      const ref = { namespace, name: object.metadata.name! };
      await client.delete(kind, ref, { propagationPolicy: "Background" }).catch(ignoreMissing);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, deleteNext));
  return (await client.list(kind, { namespace })).items;
}

function ignoreMissing(error: unknown): void {
  if (!isStatus(error, "NotFound")) throw error;
}
