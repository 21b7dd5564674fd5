import type { FieldError } from "../../shared/meta/field_error.ts";
import { StatusError } from "../../shared/meta/status_error.ts";

/** Names a resource in messages. */
export interface GroupResource {
  readonly group: string;
  readonly plural: string;
}

/** `deployments.apps`, or `pods` for the core group. */
export function qualified({ group, plural }: GroupResource): string {
  return group === "" ? plural : `${plural}.${group}`;
}

function detailsOf({ group, plural }: GroupResource, name: string) {
  return { name, ...(group !== "" && { group }), kind: plural };
}

export function notFoundError(resource: GroupResource, name: string): StatusError {
  return new StatusError("NotFound", `${qualified(resource)} "${name}" not found`, {
    details: detailsOf(resource, name),
  });
}

export function alreadyExistsError(
  resource: GroupResource,
  name: string,
  prefix = "",
): StatusError {
  return new StatusError(
    "AlreadyExists",
    `${prefix}${qualified(resource)} "${name}" already exists`,
    { details: detailsOf(resource, name) },
  );
}

export function conflictError(resource: GroupResource, name: string, why: string): StatusError {
  return new StatusError(
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    { details: detailsOf(resource, name) },
  );
}

export const modifiedMessage =
  "the object has been modified; please apply your changes to the latest version and try again";

export function forbiddenError(resource: GroupResource, name: string, why: string): StatusError {
  const subject = name === "" ? qualified(resource) : `${qualified(resource)} "${name}"`;
  return new StatusError("Forbidden", `${subject} is forbidden: ${why}`, {
    details: {
      ...(name !== "" && { name }),
      ...(resource.group !== "" && { group: resource.group }),
      kind: resource.plural,
    },
  });
}

/** 422 with every rejected field; `kind` is the kind's name, not the plural. */
export function invalidError(
  { group, kind }: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const distinct = new Map(
    errors.map((error) => [`${error.path || "[]"}: ${error.message}`, error]),
  );
  const texts = [...distinct.keys()];
  const all = texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
  const subject = group === "" ? kind : `${kind}.${group}`;
  return new StatusError("Invalid", `${subject} "${name}" is invalid: ${all}`, {
    details: {
      ...(name !== "" && { name }),
      ...(group !== "" && { group }),
      ...(kind !== "" && { kind }),
      causes: [...distinct.values()].map(({ path, reason, message }) => ({
        reason,
        message,
        field: path || "[]",
      })),
    },
  });
}

export function methodNotAllowed(): StatusError {
  return new StatusError(
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    { details: {} },
  );
}

/** As `methodNotAllowed`, in the words for custom resources. */
export function methodNotSupported(resource: GroupResource, verb: string): StatusError {
  const { group, plural } = resource;
  return new StatusError(
    "MethodNotAllowed",
    `${verb} is not supported on resources of kind "${qualified(resource)}"`,
    { details: { ...(group !== "" && { group }), kind: plural } },
  );
}

/** The path names nothing the server has. */
export function unknownPath(): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource", {
    details: {},
  });
}

export function badRequest(message: string, cause?: unknown): StatusError {
  return new StatusError("BadRequest", message, { cause });
}
