import type {
  CustomResourceSubresources,
  JSONSchemaProps,
} from "../../shared/api/apiextensions/v1/types.gen.ts";
import type { KubeObject, Strategy } from "../../shared/api/kind.ts";
import { type FieldError, invalid } from "../../shared/meta/field_error.ts";
import type { StructNode } from "../../shared/schema/schema.ts";
import { Correlation } from "../../shared/schema/structural/correlation.ts";
import { applyDefaults } from "../../shared/schema/structural/defaulting.ts";
import { propertyOf } from "../../shared/schema/structural/json_schema.ts";
import { validateListRules } from "../../shared/schema/structural/list_rules.ts";
import { validateEmbedded } from "../../shared/schema/structural/resource_rules.ts";
import { validateValue } from "../../shared/schema/structural/value_rules.ts";
import { compileRules } from "./custom_rules.ts";
import { finalizerWarnings } from "./finalizer_warnings.ts";
import { validateScaleSpec, validateScaleStatus } from "./scale_paths.ts";

/** What the rules of one version depend on. */
export interface CustomVersion {
  readonly schema: StructNode;
  readonly apiVersion: string;
  readonly kind: string;
  /** As the definition has it. */
  readonly validation: JSONSchemaProps | undefined;
  readonly subresources: CustomResourceSubresources | undefined;
}

type Values = Record<string, unknown>;

/** The strategy of one version of a custom kind: all that its schema asks for. */
export function customStrategy(version: CustomVersion): Strategy<KubeObject> {
  const { schema, validation, subresources } = version;
  const shape = schema.structural!;
  const plain = { ...shape, isResource: false };
  const rules = compileRules(validation);
  const status = validation && propertyOf(validation, "status");
  const hasStatus = subresources?.status !== undefined;
  const scale = subresources?.scale;
  const lists = (object: KubeObject) => validateListRules(shape, object);
  const finish = (errors: FieldError[], object: KubeObject, old?: Correlation) => {
    if (!rules) return errors;
    if (errors.some(isBlocking)) return [...errors, notChecked];
    return [...errors, ...rules.validate(object, old)];
  };
  return {
    requireResourceVersion: true,
    defaults: (object) => applyDefaults(object, shape),
    generationOf: (object) => countedOf(object, hasStatus),
    warnings: finalizerWarnings,
    validateCreate(object) {
      const errors = typeErrors(version, object);
      if (errors.length === 0) {
        errors.push(...validateValue(validation ?? {}, object));
        if (scale) {
          errors.push(...validateScaleSpec(scale, object), ...validateScaleStatus(scale, object));
        }
      }
      errors.push(...validateEmbedded(plain, object), ...lists(object));
      return finish(errors, object);
    },
    validateUpdate(object, old) {
      const correlation = new Correlation(object, old, validation ?? {});
      const errors = typeErrors(version, object);
      if (errors.length === 0) {
        errors.push(...validateValue(validation ?? {}, object, { correlation }));
        if (scale) {
          errors.push(...validateScaleSpec(scale, object), ...validateScaleStatus(scale, object));
        }
      }
      errors.push(...validateEmbedded(plain, object), ...newErrors(lists, object, old));
      return finish(errors, object, correlation);
    },
    status: {
      // The reference resets other fields at the top as well, but lets clients own them.
      resetFields: ["metadata", "spec"],
      prepareForUpdate: keepMetadata,
      validateUpdate(object, old) {
        const correlation = new Correlation(object, old, validation ?? {});
        const errors: FieldError[] = [];
        const value = (object as unknown as Values).status;
        if (status && value !== undefined) {
          const part = correlation.key("status");
          errors.push(...validateValue(status, value, { path: "status", correlation: part }));
        }
        if (scale) errors.push(...validateScaleStatus(scale, object));
        errors.push(...newErrors(lists, object, old));
        return finish(errors, object, correlation);
      },
    },
  };
}

/** Errors of a kind that the old object did not have. */
function newErrors(
  judge: (object: KubeObject) => FieldError[],
  object: KubeObject,
  old: KubeObject,
): FieldError[] {
  const errors = judge(object);
  return errors.length > 0 && judge(old).length > 0 ? [] : errors;
}

function typeErrors({ apiVersion, kind }: CustomVersion, object: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  if (object.kind !== kind) errors.push(invalid("kind", object.kind, `must be ${kind}`));
  if (object.apiVersion !== apiVersion) {
    errors.push(invalid("apiVersion", object.apiVersion, `must be ${apiVersion}`));
  }
  return errors;
}

/** Rules see only objects that are otherwise well formed. */
const blocking: ReadonlySet<string> = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

function isBlocking({ reason }: FieldError): boolean {
  return blocking.has(reason);
}

const notChecked = invalid(
  "<nil>",
  null,
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
);

/** What counts as a change of the object: everything but its metadata and, with its own endpoint, its status. */
function countedOf(object: KubeObject, hasStatus: boolean): unknown {
  const { metadata: _metadata, kind: _kind, apiVersion: _apiVersion, ...rest } = object as
    & KubeObject
    & Values;
  if (hasStatus) delete (rest as Values).status;
  return rest;
}

/** The status endpoint leaves the metadata as it is, but for who owns what. */
function keepMetadata(object: KubeObject, old: KubeObject): void {
  const { managedFields, resourceVersion } = object.metadata;
  object.metadata = {
    ...old.metadata,
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
  if (managedFields) object.metadata.managedFields = managedFields;
  else delete object.metadata.managedFields;
}
