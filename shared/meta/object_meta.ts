import type { ObjectMeta, OwnerReference } from "./types.gen.ts";

/** What the helpers need of an object. */
export interface HasMeta {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
}

export interface OwnerReferenceOptions {
  /** The owner manages the object; at most one owner does. */
  readonly controller?: boolean;
  /** The owner's foreground deletion waits for the object. */
  readonly blockOwnerDeletion?: boolean;
}

/** The owner that manages the object, if there is one. */
export function controllerOf(object: HasMeta): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** Whether `owner` is the controller of `object`; identity is the UID. */
export function isControlledBy(object: HasMeta, owner: HasMeta): boolean {
  const reference = controllerOf(object);
  return reference !== undefined && reference.uid === owner.metadata.uid;
}

/** A reference to a stored object. Throws TypeError if it lacks what identifies it. */
export function ownerReferenceTo(
  owner: HasMeta,
  options: OwnerReferenceOptions = {},
): OwnerReference {
  const { apiVersion, kind, metadata: { name, uid } } = owner;
  if (!apiVersion || !kind || !name || !uid) {
    throw new TypeError("Cannot refer to an owner without apiVersion, kind, name and uid");
  }
  return {
    apiVersion,
    kind,
    name,
    uid,
    ...(options.controller !== undefined && { controller: options.controller }),
    ...(options.blockOwnerDeletion !== undefined &&
      { blockOwnerDeletion: options.blockOwnerDeletion }),
  };
}

/** A reference that makes `owner` the controller and lets its foreground deletion wait: what controllers set. */
export function controllerReferenceTo(owner: HasMeta): OwnerReference {
  return ownerReferenceTo(owner, { controller: true, blockOwnerDeletion: true });
}

/** Whether the object carries the finalizer. */
export function hasFinalizer(object: HasMeta, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

/** Adds a finalizer in place; says whether that changed the object. */
export function addFinalizer(object: HasMeta, finalizer: string): boolean {
  if (hasFinalizer(object, finalizer)) return false;
  object.metadata.finalizers = [...object.metadata.finalizers ?? [], finalizer];
  return true;
}

/** Removes a finalizer in place; says whether that changed the object. */
export function removeFinalizer(object: HasMeta, finalizer: string): boolean {
  if (!hasFinalizer(object, finalizer)) return false;
  const rest = object.metadata.finalizers!.filter((known) => known !== finalizer);
  if (rest.length > 0) object.metadata.finalizers = rest;
  else delete object.metadata.finalizers;
  return true;
}

/** Whether deletion has been asked for. */
export function isBeingDeleted(object: HasMeta): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** `namespace/name`, or the name of a cluster-scoped object: the key of queues and caches. */
export function keyOf(object: HasMeta): string {
  const { namespace, name = "" } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

/** The parts of a key made by `keyOf`; `namespace` is "" for a cluster-scoped object. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf("/");
  return { namespace: slash < 0 ? "" : key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Group and version of an `apiVersion`; the core group is "". */
export function groupVersionOf(
  apiVersion: string,
): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf("/");
  return {
    group: slash < 0 ? "" : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
  };
}
