import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Client } from "../../../shared/client/client.ts";
import type { Resource } from "../../../shared/client/resource.ts";
import type { Informer, ObjectKey } from "../../../shared/informer/informer.ts";
import { keyOf } from "../../../shared/informer/informer.ts";
import type { OwnWrites } from "../../../shared/informer/own_writes.ts";
import type { LabelMatcher } from "../../../shared/meta/labels.ts";
import {
  controllerOf,
  controllerReferenceTo,
  groupVersionOf,
  isBeingDeleted,
  isControlledBy,
} from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import type { OwnerReference } from "../../../shared/meta/types.gen.ts";

const INDEX = "controller";

/** Owners of one kind, and the kind of what they own. */
export interface Ownership<O extends KubeObject, T extends KubeObject> {
  readonly owners: Informer<O>;
  readonly owned: Informer<T>;
  /** What an owner selects; it matches nothing if it must not adopt. */
  selectorOf(owner: O): LabelMatcher;
}

/** Files owned objects under their controller's UID, and those without one under their namespace. Idempotent. */
export function indexByController<T extends KubeObject>(owned: Informer<T>): void {
  owned.addIndex(INDEX, (object) => [
    controllerOf(object)?.uid ?? `orphans/${object.metadata.namespace ?? ""}`,
  ]);
}

/** What is controlled by the UID. `indexByController` must have been called. */
export function controlledBy<T extends KubeObject>(
  owned: Informer<T>,
  uid: string | undefined,
): readonly T[] {
  return owned.byIndex(INDEX, uid ?? "");
}

/** Enqueues an owner when something changes that it owns, owned, or could adopt. */
export function enqueueOwners<O extends KubeObject, T extends KubeObject>(
  ownership: Ownership<O, T>,
  enqueue: (key: ObjectKey) => void,
): void {
  const { owners, owned, selectorOf } = ownership;
  indexByController(owned);
  const enqueueRef = (reference: OwnerReference | undefined, namespace: string | undefined) => {
    if (reference && refersTo(reference, owners.resource)) {
      enqueue(keyOf({ metadata: { namespace, name: reference.name } } as KubeObject));
    }
  };
  owned.onChange((object, previous) => {
    const { namespace } = (object ?? previous)!.metadata;
    const now = object && controllerOf(object);
    const before = previous && controllerOf(previous);
    if (before && before.uid !== now?.uid) enqueueRef(before, namespace);
    if (now) return enqueueRef(now, namespace);
    if (!object || isBeingDeleted(object)) return;
    if (previous && !before && previous.metadata.labels === object.metadata.labels) return;
    for (const owner of owners.list(namespace)) {
      if (selectorOf(owner).matches(object.metadata.labels)) enqueue(keyOf(owner));
    }
  });
}

function refersTo(reference: OwnerReference, resource: Resource): boolean {
  return reference.kind === resource.kind &&
    groupVersionOf(reference.apiVersion).group === resource.group;
}

export interface Claim<O extends KubeObject, T extends KubeObject> extends Ownership<O, T> {
  readonly client: Client;
  readonly writes: OwnWrites<T>;
}

/**
 * The objects that `owner` controls, after it took those without a controller that it selects, and let go of those
 * that it no longer selects. Before the first adoption the owner is read from the server: one that was deleted or
 * replaced must not adopt. Throws when that cannot be decided.
 */
export async function claim<O extends KubeObject, T extends KubeObject>(
  owner: O,
  options: Claim<O, T>,
): Promise<readonly T[]> {
  const { owned, selectorOf, writes } = options;
  const { namespace = "", uid } = owner.metadata;
  const selector = selectorOf(owner);
  const mine: T[] = [];
  const inPlace = writes.overlay(
    controlledBy(owned, uid),
    (object) => isControlledBy(object, owner),
  );
  for (const object of inPlace) {
    const keep = selector.matches(object.metadata.labels) || isBeingDeleted(owner);
    if (keep) mine.push(object);
    else await release(owner, object, options);
  }
  if (isBeingDeleted(owner)) return mine;
  const orphans = owned.byIndex(INDEX, `orphans/${namespace}`).filter((object) =>
    !isBeingDeleted(object) && selector.matches(object.metadata.labels) &&
    !mine.some((known) => known.metadata.uid === object.metadata.uid)
  );
  if (orphans.length === 0 || !await mayAdopt(owner, options)) return mine;
  for (const orphan of orphans) {
    const adopted = await adopt(owner, orphan, options);
    if (adopted) mine.push(adopted);
  }
  return mine;
}

async function mayAdopt<O extends KubeObject>(
  owner: O,
  { client, owners }: Pick<Claim<O, KubeObject>, "client" | "owners">,
): Promise<boolean> {
  const { namespace, name = "", uid } = owner.metadata;
  const live = await client.find(owners.resource, { namespace, name });
  return live !== undefined && live.metadata.uid === uid && !isBeingDeleted(live);
}

async function adopt<O extends KubeObject, T extends KubeObject>(
  owner: O,
  orphan: T,
  options: Claim<O, T>,
): Promise<T | undefined> {
  const others = orphan.metadata.ownerReferences ?? [];
  const reference = controllerReferenceTo(owner);
  const references = [...others.filter(({ uid }) => uid !== reference.uid), reference];
  return await patchOwners(orphan, references, options);
}

async function release<O extends KubeObject, T extends KubeObject>(
  owner: O,
  object: T,
  options: Claim<O, T>,
): Promise<void> {
  const references = object.metadata.ownerReferences ?? [];
  const rest = references.filter(({ uid }) => uid !== owner.metadata.uid);
  await patchOwners(object, rest, options);
}

/** undefined: it is gone, or another object by now. */
async function patchOwners<T extends KubeObject>(
  object: T,
  ownerReferences: readonly OwnerReference[],
  { client, owned, writes }: Pick<Claim<KubeObject, T>, "client" | "owned" | "writes">,
): Promise<T | undefined> {
  const { namespace, name = "", uid, resourceVersion } = object.metadata;
  const metadata = { uid, resourceVersion, ownerReferences };
  try {
    const patched = await client.patch(owned.resource, { namespace, name }, { metadata }, {
      type: "merge",
    });
    writes.wrote(patched);
    return patched;
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

/** Whether two owners are of one kind, whatever the version. */
export function isOwnerKind(reference: OwnerReference | undefined, resource: Resource): boolean {
  return reference !== undefined && refersTo(reference, resource);
}
