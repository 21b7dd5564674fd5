import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../shared/meta/field_error.ts";
import { isDns1123Subdomain } from "../../shared/meta/names.ts";
import { checkFields, type DocumentText, readDocument } from "../configuration/config_document.ts";

/** A webhook among the authorizers; times in milliseconds. */
export interface WebhookAuthorizerConfig {
  readonly authorizedTTL: number;
  readonly unauthorizedTTL: number;
  readonly cacheAuthorizedRequests?: boolean;
  readonly cacheUnauthorizedRequests?: boolean;
  readonly timeout: number;
  readonly subjectAccessReviewVersion: string;
  readonly failurePolicy: string;
  readonly connectionInfo: { readonly type: string; readonly kubeConfigFile: string };
}

export interface AuthorizerConfig {
  readonly type: string;
  readonly name: string;
  readonly webhook?: WebhookAuthorizerConfig;
}

const types = ["AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"];
const maxTimeoutMs = 30_000;

/**
 * Reads an AuthorizationConfiguration (apiserver.config.k8s.io/v1): who is asked, in order. Throws ConfigError. Match
 * conditions are refused: they would have to be evaluated for the file to mean what it says.
 */
export function readAuthorizationConfiguration(file: DocumentText): readonly AuthorizerConfig[] {
  const { authorizers = [] } = readDocument<{ readonly authorizers?: readonly AuthorizerConfig[] }>(
    file,
    {
      kind: "AuthorizationConfiguration",
      apiVersions: ["apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1beta1"],
      fields: {
        authorizers: {
          list: { fields: { type: "string", name: "string", webhook: { fields: webhookFields } } },
        },
      },
    },
  );
  checkFields(file, [
    ...(authorizers.length === 0
      ? [required("authorizers", "at least one authorization mode must be defined")]
      : []),
    ...authorizers.flatMap((_, i) => authorizerErrors(authorizers, i)),
  ]);
  return authorizers;
}

const webhookFields = {
  authorizedTTL: "duration",
  unauthorizedTTL: "duration",
  cacheAuthorizedRequests: "boolean",
  cacheUnauthorizedRequests: "boolean",
  timeout: "duration",
  subjectAccessReviewVersion: "string",
  matchConditionSubjectAccessReviewVersion: "string",
  failurePolicy: "string",
  connectionInfo: { fields: { type: "string", kubeConfigFile: "string" } },
  matchConditions: { list: { fields: { expression: "string" } } },
} as const;

function authorizerErrors(all: readonly Partial<AuthorizerConfig>[], index: number): FieldError[] {
  const path = `authorizers[${index}]`;
  const { type = "", name = "", webhook } = all[index]!;
  const earlier = all.slice(0, index);
  if (type === "") return [required(`${path}.type`)];
  if (!types.includes(type)) return [notSupported(`${path}.type`, type, types)];
  if (type !== "Webhook" && earlier.some((one) => one.type === type)) {
    return [duplicate(`${path}.type`, type)];
  }
  const errors: FieldError[] = [];
  const faults = isDns1123Subdomain(name);
  if (name === "") errors.push(required(`${path}.name`));
  else if (earlier.some((one) => one.name === name)) errors.push(duplicate(`${path}.name`, name));
  else if (faults.length > 0) {
    errors.push(invalid(`${path}.name`, name, `authorizer name is invalid: ${faults.join(", ")}`));
  }
  if (type !== "Webhook") {
    if (webhook) {
      errors.push(
        invalid(`${path}.webhook`, "non-null", "may only be specified when type=Webhook"),
      );
    }
  } else if (!webhook) errors.push(required(`${path}.webhook`, "required when type=Webhook"));
  else errors.push(...webhookErrors(webhook, path));
  return errors;
}

function webhookErrors(webhook: Partial<WebhookAuthorizerConfig>, path: string): FieldError[] {
  const { timeout, failurePolicy = "", connectionInfo, subjectAccessReviewVersion = "" } = webhook;
  const errors: FieldError[] = [];
  if (!timeout) errors.push(required(`${path}.timeout`));
  else if (timeout > maxTimeoutMs || timeout < 0) {
    errors.push(invalid(`${path}.timeout`, `${timeout / 1000}s`, "must be > 0s and <= 30s"));
  }
  for (const key of ["authorizedTTL", "unauthorizedTTL"] as const) {
    const ttl = webhook[key];
    if (!ttl) errors.push(required(`${path}.${key}`));
    else if (ttl < 0) errors.push(invalid(`${path}.${key}`, `${ttl / 1000}s`, "must be > 0s"));
  }
  errors.push(
    ...choice(`${path}.subjectAccessReviewVersion`, subjectAccessReviewVersion, ["v1", "v1beta1"]),
  );
  errors.push(...choice(`${path}.failurePolicy`, failurePolicy, ["NoOpinion", "Deny"]));
  const file = connectionInfo?.kubeConfigFile ?? "";
  errors.push(
    ...choice(`${path}.connectionInfo.type`, connectionInfo?.type ?? "", ["KubeConfigFile"]),
  );
  if (file === "") errors.push(required(`${path}.connectionInfo.kubeConfigFile`));
  else if (!file.startsWith("/")) {
    errors.push(invalid(`${path}.connectionInfo.kubeConfigFile`, file, "must be an absolute path"));
  }
  if ("matchConditions" in webhook) {
    errors.push(forbidden(`${path}.matchConditions`, "expressions are not supported"));
  }
  return errors;
}

function choice(path: string, value: string, allowed: readonly string[]): FieldError[] {
  if (value === "") return [required(path)];
  return allowed.includes(value) ? [] : [notSupported(path, value, allowed)];
}
