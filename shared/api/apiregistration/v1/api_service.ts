import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import {
  isDns1035Label,
  isDns1123Subdomain,
  isPathSegmentName,
  isPortNumber,
} from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import type { APIService, APIServiceSpec, ServiceReference } from "./types.gen.ts";

const MAX_GROUP_PRIORITY = 20_000;
const MAX_VERSION_PRIORITY = 1_000;

/** An APIService says who serves a group and version: this server, or another one behind a Service. */
export const apiService = defineKind<APIService>({
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  plural: "apiservices",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("apiregistration.k8s.io/v1", "APIService"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    {
      name: "Service",
      type: "string",
      cell: ({ spec }) =>
        spec?.service ? `${spec.service.namespace}/${spec.service.name}` : "Local",
    },
    { name: "Available", type: "string", cell: availability },
    ageColumn(),
  ],
  strategy: {
    requireResourceVersion: true,
    defaults: (obj) => {
      if (obj.spec?.service) obj.spec.service.port ??= 443;
    },
    prepareForCreate: (obj, { now }) => {
      obj.status = obj.spec?.service ? {} : { conditions: [localCondition(now)] };
    },
    validateName: isPathSegmentName,
    validate: validateApiService,
  },
});

/** What is served by this very process needs no probe. */
function localCondition(now: string) {
  return {
    type: "Available",
    status: "True",
    lastTransitionTime: now,
    reason: "Local",
    message: "Local APIServices are always available",
  };
}

function availability({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === "Available");
  if (!condition) return "Unknown";
  return condition.status === "True" ? "True" : `${condition.status} (${condition.reason})`;
}

function validateApiService(obj: APIService): readonly FieldError[] {
  const errors: FieldError[] = [];
  const spec = obj.spec ?? { groupPriorityMinimum: 0, versionPriority: 0 };
  const { group = "", version = "" } = spec;
  const { name = "" } = obj.metadata;
  if (isPathSegmentName(name).length === 0 && name !== `${version}.${group}`) {
    const wanted = JSON.stringify(`${version}.${group}`);
    const detail = `must be \`spec.version+"."+spec.group\`: ${wanted}`;
    errors.push(invalid("metadata.name", name, detail));
  }
  if (group === "" && version !== "v1") {
    const detail = "only v1 may have an empty group and it better be legacy kube";
    errors.push(required("spec.group", detail));
  }
  for (const message of group === "" ? [] : isDns1123Subdomain(group)) {
    errors.push(invalid("spec.group", group, message));
  }
  for (const message of isDns1035Label(version)) {
    errors.push(invalid("spec.version", version, message));
  }
  const { groupPriorityMinimum = 0, versionPriority = 0 } = spec;
  validatePriority(
    groupPriorityMinimum,
    "spec.groupPriorityMinimum",
    MAX_GROUP_PRIORITY,
    errors,
  );
  validatePriority(versionPriority, "spec.versionPriority", MAX_VERSION_PRIORITY, errors);
  if (spec.service) validateRemote(spec, spec.service, errors);
  else validateLocal(spec, errors);
  return errors;
}

function validatePriority(value: number, path: string, max: number, errors: FieldError[]): void {
  if (value > 0 && value <= max) return;
  errors.push(invalid(path, value, `must be positive and less than ${max}`));
}

function validateLocal(spec: APIServiceSpec, errors: FieldError[]): void {
  if (spec.caBundle) {
    const size = `${atob(spec.caBundle).length} bytes`;
    errors.push(invalid("spec.caBundle", size, "local APIServices may not have a caBundle"));
  }
  if (spec.insecureSkipTLSVerify) {
    const detail = "local APIServices may not have insecureSkipTLSVerify";
    errors.push(invalid("spec.insecureSkipTLSVerify", true, detail));
  }
}

function validateRemote(
  spec: APIServiceSpec,
  { namespace, name, port = 0 }: ServiceReference,
  errors: FieldError[],
): void {
  if (!namespace) errors.push(required("spec.service.namespace"));
  if (!name) errors.push(required("spec.service.name"));
  for (const message of isPortNumber(port)) {
    errors.push(invalid("spec.service.port", port, `port is not valid: ${message}`));
  }
  if (spec.insecureSkipTLSVerify && spec.caBundle) {
    const detail = "may not be true if caBundle is present";
    errors.push(invalid("spec.insecureSkipTLSVerify", true, detail));
  }
}
