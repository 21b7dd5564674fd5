import { StatusError } from "../../shared/meta/status_error.ts";
import type { StatusCause } from "../../shared/meta/types.gen.ts";
import type { Attributes } from "./plugin.ts";

/**
 * `<plural>.<group> "<name>" is forbidden: <why>`: how a plugin refuses. An object that has no name yet is named by
 * its prefix.
 */
export function refusal(
  attributes: Attributes,
  why: string,
  causes?: readonly StatusCause[],
): StatusError {
  const { group, plural } = attributes.kind;
  const name = nameOf(attributes);
  const what = group === "" ? plural : `${plural}.${group}`;
  return new StatusError("Forbidden", `${what} ${JSON.stringify(name)} is forbidden: ${why}`, {
    details: {
      name,
      ...(group !== "" && { group }),
      kind: plural,
      ...(causes && { causes: [...causes] }),
    },
  });
}

/** `<plural> "<name>" not found`, for an object in the core group that a write depends on. */
export function missing(plural: string, name: string): StatusError {
  return new StatusError("NotFound", `${plural} ${JSON.stringify(name)} not found`, {
    details: { name, kind: plural },
  });
}

/** Several reasons as one: the reason itself, or `[a, b]`. */
export function joinReasons(reasons: readonly string[]): string {
  const distinct = [...new Set(reasons)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(", ")}]`;
}

function nameOf({ name, object }: Attributes): string {
  return name || object?.metadata.name || object?.metadata.generateName || "Unknown";
}
