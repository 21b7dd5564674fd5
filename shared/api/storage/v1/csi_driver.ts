import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import type { CSIDriver, CSIDriverSpec, TokenRequest } from "./types.gen.ts";

const MIN_TOKEN_SECONDS = 10 * 60;
const MAX_TOKEN_SECONDS = 2 ** 32;
const MIN_UPDATE_PERIOD_SECONDS = 10;

const schema = schemaOf("storage.k8s.io/v1", "CSIDriver");

/** A CSIDriver says how the cluster must treat the volumes of a CSI driver. */
export const csiDriver = defineKind<CSIDriver>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIDriver",
  plural: "csidrivers",
  scope: "Cluster",
  schema,
  columns: [
    nameColumn(),
    {
      name: "AttachRequired",
      type: "boolean",
      cell: ({ spec }) => spec.attachRequired ?? true,
    },
    { name: "PodInfoOnMount", type: "boolean", cell: ({ spec }) => spec.podInfoOnMount ?? false },
    { name: "StorageCapacity", type: "boolean", cell: ({ spec }) => spec.storageCapacity ?? false },
    {
      name: "TokenRequests",
      type: "string",
      cell: ({ spec }) =>
        spec.tokenRequests?.map(({ audience }) => audience).join(",") ?? "<unset>",
    },
    {
      name: "RequiresRepublish",
      type: "boolean",
      cell: ({ spec }) => spec.requiresRepublish ?? false,
    },
    {
      name: "Modes",
      type: "string",
      cell: ({ spec }) => spec.volumeLifecycleModes?.join(",") || "<none>",
    },
    ageColumn(),
  ],
  returnsDeletedObject: true,
  strategy: {
    requireResourceVersion: true,
    defaults,
    // The first generation is that of the first change, not of the creation.
    prepareForUpdate: (obj, old) => {
      if (isSame("spec", obj, old)) return;
      obj.metadata.generation = (old.metadata.generation ?? 0) + 1;
    },
    validate: (obj) => validateSpec(obj.spec, "spec"),
    validateUpdate: validateCsiDriverUpdate,
    warnings: ({ spec }) =>
      spec.tokenRequests?.length && spec.serviceAccountTokenInSecrets === undefined
        ? [
          "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent " +
          "possible logging of tokens in volume attributes",
        ]
        : [],
  },
});

function defaults(obj: CSIDriver): void {
  const spec = obj.spec ??= {};
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ["Persistent"];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
  spec.preventPodSchedulingIfMissing ??= false;
}

function isSame(field: "spec", obj: CSIDriver, old: CSIDriver): boolean {
  return semanticEqual(schema.fields.get(field)!.node, obj[field], old[field]);
}

function validateSpec(spec: CSIDriverSpec, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const policies = ["File", "None", "ReadWriteOnceWithFSType"];
  const { fsGroupPolicy = "", nodeAllocatableUpdatePeriodSeconds: period } = spec;
  if (!policies.includes(fsGroupPolicy)) {
    errors.push(notSupported(`${path}.fsGroupPolicy`, fsGroupPolicy, policies));
  }
  validateTokenRequests(spec.tokenRequests ?? [], `${path}.tokenRequests`, errors);
  const modes = ["Persistent", "Ephemeral"];
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (!modes.includes(mode)) {
      errors.push(notSupported(`${path}.volumeLifecycleModes`, mode, modes));
    }
  }
  if (period !== undefined && period < MIN_UPDATE_PERIOD_SECONDS) {
    const detail = `must be greater than or equal to ${MIN_UPDATE_PERIOD_SECONDS} seconds`;
    errors.push(invalid(`${path}.nodeAllocatableUpdatePeriodSeconds`, period, detail));
  }
  if (spec.serviceAccountTokenInSecrets !== undefined && !spec.tokenRequests?.length) {
    errors.push(required(`${path}.tokenRequests`));
  }
  return errors;
}

function validateTokenRequests(
  requests: readonly TokenRequest[],
  path: string,
  errors: FieldError[],
): void {
  const audiences = new Set<string>();
  requests.forEach(({ audience, expirationSeconds }, index) => {
    const at = `${path}[${index}]`;
    if (audiences.has(audience)) errors.push(duplicate(`${at}.audience`, audience));
    audiences.add(audience);
    if (expirationSeconds === undefined) return;
    const fail = (detail: string) =>
      errors.push(invalid(`${at}.expirationSeconds`, expirationSeconds, detail));
    if (expirationSeconds < MIN_TOKEN_SECONDS) {
      fail("may not specify a duration less than 10 minutes");
    }
    if (expirationSeconds > MAX_TOKEN_SECONDS) {
      fail("may not specify a duration larger than 2^32 seconds");
    }
  });
}

function validateCsiDriverUpdate(obj: CSIDriver, old: CSIDriver): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { attachRequired, volumeLifecycleModes: modes = [] } = obj.spec;
  if (attachRequired !== old.spec.attachRequired) {
    // The reference misspells the field, and clients see it so.
    errors.push(invalid("spec.attachedRequired", attachRequired, "field is immutable"));
  }
  if (modes.join() !== (old.spec.volumeLifecycleModes ?? []).join()) {
    errors.push(invalid("spec.volumeLifecycleModes", modes, "field is immutable"));
  }
  return errors;
}
