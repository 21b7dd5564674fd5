import { cloneJson } from "../../../shared/codec/clone_json.ts";
import type { KindDefinition, KubeObject } from "../../../shared/api/kind.ts";
import { type Clock, timestamp } from "../../../shared/clock/clock.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { badRequest, conflictError } from "../../registry/errors.ts";
import type { ResourceStore } from "../../registry/resource_store.ts";
import type { Written } from "../../registry/store_types.ts";
import { decodeBody, readDryRun, readFieldValidation } from "../decode_body.ts";
import type { Negotiated } from "../negotiation.ts";
import { type ResourceRequest, writeScope } from "../resource_request.ts";
import { respondObject } from "../respond.ts";

export interface WriteDeps {
  readonly negotiated: Negotiated;
  readonly clock: Clock;
}

/** POST to a collection. */
export async function createObject(
  request: ResourceRequest,
  store: ResourceStore,
  deps: WriteDeps,
): Promise<Response> {
  const { query, resource: { kind } } = request;
  const dryRun = readDryRun(query, "CreateOptions");
  const validation = readFieldValidation(query, "CreateOptions");
  const object = await decodeBody(request, kind, validation);
  checkNamespace(kind, object, request.info.namespace);
  kind.strategy.defaults?.(object, timestamp(request.time));
  request.audit?.sent(object);
  const written = await store.create(kind, object, writeScope(request, dryRun));
  return respondWritten(written, kind, deps);
}

/** PUT of one object, or of its status. */
export async function updateObject(
  request: ResourceRequest,
  store: ResourceStore,
  deps: WriteDeps,
): Promise<Response> {
  const { info, query, resource: { kind } } = request;
  const dryRun = readDryRun(query, "UpdateOptions");
  const validation = readFieldValidation(query, "UpdateOptions");
  const object = await decodeBody(request, kind, validation);
  checkName(object, info.name);
  checkNamespace(kind, object, info.namespace);
  kind.strategy.defaults?.(object, timestamp(request.time));
  request.audit?.sent(object);
  const scope = writeScope(request, dryRun);
  const replace = (current: KubeObject) => {
    checkUid(kind, object, current);
    return cloneJson(object);
  };
  const orCreate = () => cloneJson(object);
  const written = await store.update(kind, info.name, replace, scope, { orCreate });
  return respondWritten(written, kind, deps);
}

/** A PUT that names a uid is about that very object. */
function checkUid(kind: KindDefinition, object: KubeObject, current: KubeObject): void {
  const { uid } = object.metadata;
  if (!uid || uid === current.metadata.uid) return;
  throw conflictError(
    kind,
    current.metadata.name!,
    `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
  );
}

/** The object after a write: the bytes as stored where the client asked for just those. */
export function respondWritten(
  { object, value, created }: Written,
  kind: KindDefinition,
  { negotiated, clock }: WriteDeps,
): Response {
  return respondObject(negotiated, kind, {
    object,
    value,
    code: created ? 201 : 200,
    now: clock.now(),
  });
}

/** The body may leave the namespace out, but not name another one. */
export function checkNamespace(kind: KindDefinition, object: KubeObject, namespace: string): void {
  const { metadata } = object;
  if (kind.scope === "Cluster") return;
  if (metadata.namespace === undefined || metadata.namespace === "") metadata.namespace = namespace;
  else if (metadata.namespace !== namespace) {
    throw badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  }
}

/** The body may leave the name out, but not name another object. */
export function checkName(object: KubeObject, name: string): void {
  const { metadata } = object;
  if (!metadata.name) metadata.name = name;
  else if (metadata.name !== name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
  }
}

/** 415 for a patch in a form that is not taken. */
export function unsupportedPatch(accepted?: readonly string[]): StatusError {
  const message = accepted
    ? `the body of the request was in an unknown format - accepted media types include: ${
      accepted.join(", ")
    }`
    : "415: Unsupported Media Type";
  return new StatusError("UnsupportedMediaType", message, accepted ? {} : { details: {} });
}
