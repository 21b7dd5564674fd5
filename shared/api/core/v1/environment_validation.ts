import { type FieldError, invalid, notSupported, required } from "../../../meta/field_error.ts";
import { isConfigMapKey, isDns1123Subdomain } from "../../../meta/names.ts";
import { parseQuantity } from "../../../resource/quantity.ts";
import { check, checkRequired } from "../../validation.ts";
import { validateFieldReference } from "./field_reference_validation.ts";
import type {
  ConfigMapKeySelector,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  ResourceFieldSelector,
} from "./types.gen.ts";

const environmentFields = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
const containerResources = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];
const sizeDivisors = ["", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
  .map((suffix) => `1${suffix}`);
const MANY_SOURCES = "may not have more than one field specified at a time";

/** The variables of a container. */
export function validateEnv(
  env: readonly EnvVar[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  env?.forEach((variable, i) => {
    errors.push(...checkRequired(variable.name, `${path}[${i}].name`, isEnvVarName));
    if (!variable.valueFrom) return;
    const at = `${path}[${i}].valueFrom`;
    errors.push(...validateSource(variable.valueFrom, at));
    const count = Object.values(variable.valueFrom).filter((source) => source !== undefined).length;
    if (count === 0) {
      errors.push(
        invalid(
          at,
          "",
          "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        ),
      );
    } else if (variable.value) {
      errors.push(invalid(at, "", "may not be specified when `value` is not empty"));
    } else if (count > 1) errors.push(invalid(at, "", MANY_SOURCES));
  });
  return errors;
}

/** The sources from which a container takes all variables. */
export function validateEnvFrom(
  sources: readonly EnvFromSource[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  sources?.forEach(({ prefix, configMapRef, secretRef }, i) => {
    const at = `${path}[${i}]`;
    if (prefix) errors.push(...check(prefix, `${at}.prefix`, isEnvVarName));
    if (configMapRef) {
      errors.push(
        ...checkRequired(configMapRef.name, `${at}.configMapRef.name`, isDns1123Subdomain),
      );
    }
    if (secretRef) {
      errors.push(...checkRequired(secretRef.name, `${at}.secretRef.name`, isDns1123Subdomain));
    }
    if (!configMapRef && !secretRef) {
      errors.push(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"));
    } else if (configMapRef && secretRef) errors.push(invalid(path, "", MANY_SOURCES));
  });
  return errors;
}

/** A reference to a resource of a container; in a volume it must say of which. */
export function validateResourceFieldReference(
  reference: ResourceFieldSelector,
  path: string,
  options: { readonly inVolume: boolean },
): readonly FieldError[] {
  const { containerName, resource, divisor } = reference;
  const errors: FieldError[] = [];
  if (options.inVolume && !containerName) errors.push(required(`${path}.containerName`));
  else if (!resource) errors.push(required(`${path}.resource`));
  else if (
    !containerResources.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)
  ) {
    errors.push(notSupported(`${path}.resource`, resource, containerResources));
  }
  errors.push(...validateDivisor(resource ?? "", divisor, `${path}.divisor`));
  return errors;
}

function validateDivisor(
  resource: string,
  divisor: string | undefined,
  path: string,
): readonly FieldError[] {
  if (divisor === undefined || parseQuantity(divisor).unscaled === 0n) return [];
  const kind = resource.slice(resource.indexOf(".") + 1);
  if (kind === "cpu") {
    const detail = "only divisor's values 1m and 1 are supported with the cpu resource";
    return ["1m", "1"].includes(divisor) ? [] : [invalid(path, resource, detail)];
  }
  if (!["memory", "ephemeral-storage"].includes(kind) && !kind.startsWith("hugepages-")) return [];
  const name = kind === "ephemeral-storage"
    ? "local ephemeral storage"
    : kind === "memory"
    ? "memory"
    : "hugepages";
  return sizeDivisors.includes(divisor) ? [] : [
    invalid(
      path,
      resource,
      `only divisor's values ${sizeDivisors.join(", ")} are supported with the ${name} resource`,
    ),
  ];
}

function validateSource(source: EnvVarSource, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (source.fieldRef) {
    errors.push(...validateFieldReference(source.fieldRef, environmentFields, `${path}.fieldRef`));
  }
  if (source.resourceFieldRef) {
    errors.push(
      ...validateResourceFieldReference(source.resourceFieldRef, `${path}.resourceFieldRef`, {
        inVolume: false,
      }),
    );
  }
  if (source.configMapKeyRef) {
    errors.push(...validateKeyReference(source.configMapKeyRef, `${path}.configMapKeyRef`));
  }
  if (source.secretKeyRef) {
    errors.push(...validateKeyReference(source.secretKeyRef, `${path}.secretKeyRef`));
  }
  if (source.fileKeyRef) {
    errors.push(...validateFileReference(source.fileKeyRef, `${path}.fileKeyRef`));
  }
  return errors;
}

function validateKeyReference(
  { name = "", key }: ConfigMapKeySelector,
  path: string,
): readonly FieldError[] {
  return [
    ...check(name, `${path}.name`, isDns1123Subdomain),
    ...checkRequired(key, `${path}.key`, isConfigMapKey),
  ];
}

function validateFileReference(
  { key, path: file, volumeName }: FileKeySelector,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  errors.push(...checkRequired(key, `${path}.key`, isEnvVarName));
  if (!volumeName) errors.push(required(`${path}.volumeName`));
  if (!file) errors.push(required(`${path}.path`));
  return errors;
}

function isEnvVarName(name: string): readonly string[] {
  return /^[ -<>-~]+$/.test(name) ? [] : [
    "a valid environment variable name must consist only of printable ASCII characters other than '='",
  ];
}
