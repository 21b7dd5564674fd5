import type { KindDefinition, KubeObject } from "../../shared/api/kind.ts";
import type { FieldError } from "../../shared/meta/field_error.ts";
import {
  validateObjectMeta,
  validateObjectMetaUpdate,
} from "../../shared/meta/validate_metadata.ts";
import type { SubresourceStrategy } from "./store_types.ts";
import { fromStored } from "./versions.ts";

/** The kind as it is stored, and as the client sees it. */
export interface Judged {
  readonly kind: KindDefinition;
  readonly view: KindDefinition;
}

/** What is wrong with a new object, given as it is to be stored. */
export function validateNew({ kind, view }: Judged, object: KubeObject): FieldError[] {
  const { strategy } = rulesOf({ kind, view });
  const judged = strategy === kind.strategy ? object : fromStored(view, object);
  return [
    ...validateMetadata(kind, object),
    ...(strategy.validate?.(judged) ?? []),
    ...(strategy.validateCreate?.(judged) ?? []),
  ];
}

/** What is wrong with a change; `part` is set for an endpoint that writes only a part of the object. */
export function validateChange(
  { kind, view, subresource, part }: Judged & {
    readonly subresource: string;
    readonly part: SubresourceStrategy | undefined;
  },
  object: KubeObject,
  old: KubeObject,
): FieldError[] {
  const meta = validateObjectMetaUpdate(object.metadata, old.metadata);
  if (part) return [...meta, ...(part.validateUpdate?.(object, old) ?? [])];
  if (subresource === "status") {
    const { status } = rulesOf({ kind, view }).strategy;
    const isOwn = status === kind.strategy.status;
    const [next, before] = isOwn
      ? [object, old]
      : [fromStored(view, object), fromStored(view, old)];
    return [...meta, ...(status?.validateUpdate?.(next, before) ?? [])];
  }
  const { strategy } = rulesOf({ kind, view });
  const isOwn = strategy === kind.strategy;
  const judged = isOwn ? object : fromStored(view, object);
  return [
    ...meta,
    ...validateMetadata(kind, object),
    ...(strategy.validate?.(judged) ?? []),
    ...(strategy.validateUpdate?.(judged, isOwn ? old : fromStored(view, old)) ?? []),
  ];
}

/** Another version of a kind may have rules of its own (events.k8s.io); else those of the stored one hold. */
function rulesOf({ kind, view }: Judged): KindDefinition {
  const { validate, validateCreate, validateUpdate } = view.strategy;
  return validate || validateCreate || validateUpdate ? view : kind;
}

function validateMetadata({ strategy, scope, schema }: KindDefinition, object: KubeObject) {
  return validateObjectMeta(object.metadata, {
    namespaced: scope === "Namespaced",
    ...(strategy.validateName && { validateName: strategy.validateName }),
    path: "metadata",
    // Custom resources have only warnings for these.
    qualifiedFinalizers: schema.goType !== "",
  });
}
