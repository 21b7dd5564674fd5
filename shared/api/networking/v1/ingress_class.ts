import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from "../../../meta/field_error.ts";
import { isDns1123Label } from "../../../meta/names.ts";
import { validateDomainPrefixedPath } from "../../../meta/validate_domain.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateTypedReference } from "./ingress_validation.ts";
import type { IngressClass, IngressClassParametersReference } from "./types.gen.ts";

const MAX_CONTROLLER_BYTES = 250;

/** An IngressClass names the controller that carries out the Ingresses of the class. */
export const ingressClass = defineKind<IngressClass>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IngressClass",
  plural: "ingressclasses",
  scope: "Cluster",
  schema: schemaOf("networking.k8s.io/v1", "IngressClass"),
  columns: [
    nameColumn(),
    { name: "Controller", type: "string", cell: (obj) => obj.spec?.controller ?? "" },
    { name: "Parameters", type: "string", cell: (obj) => parametersOf(obj) },
    ageColumn(),
  ],
  strategy: {
    defaults: (obj) => {
      if (obj.spec?.parameters) obj.spec.parameters.scope ??= "Cluster";
    },
    generationOf: (obj) => obj.spec,
    validate: validateIngressClass,
    validateUpdate: (obj, old) =>
      obj.spec?.controller === old.spec?.controller
        ? []
        : [invalid("spec.controller", obj.spec?.controller ?? "", "field is immutable")],
  },
});

function parametersOf({ spec }: IngressClass): string {
  if (!spec?.parameters) return "<none>";
  const { kind, apiGroup, name } = spec.parameters;
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`;
}

function validateIngressClass({ spec }: IngressClass): readonly FieldError[] {
  const errors: FieldError[] = [];
  const path = "spec.controller";
  if ((spec?.controller ?? "").length > MAX_CONTROLLER_BYTES) {
    errors.push(tooLong(path, MAX_CONTROLLER_BYTES));
  }
  errors.push(...validateDomainPrefixedPath(spec?.controller, path));
  if (spec?.parameters) validateParameters(spec.parameters, "spec.parameters", errors);
  return errors;
}

function validateParameters(
  parameters: IngressClassParametersReference,
  path: string,
  errors: FieldError[],
): void {
  errors.push(...validateTypedReference(parameters, path));
  const { scope, namespace } = parameters;
  const at = `${path}.namespace`;
  if (scope === undefined) errors.push(required(`${path}.scope`));
  else if (scope === "Namespace") {
    if (!namespace) errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
    else {
      for (const message of isDns1123Label(namespace)) errors.push(invalid(at, namespace, message));
    }
  } else if (scope === "Cluster") {
    if (namespace !== undefined) {
      errors.push(forbidden(at, "`parameters.scope` is set to 'Cluster'"));
    }
  } else errors.push(notSupported(`${path}.scope`, scope, ["Cluster", "Namespace"]));
}
