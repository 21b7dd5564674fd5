import { type FieldError, forbidden, invalid, notSupported } from "../../../meta/field_error.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import type { PriorityClass } from "./types.gen.ts";

/** What users may define; everything above is for the system. */
const MAX_USER_PRIORITY = 1_000_000_000;

/** The classes whose names begin with `system-`, and their values. */
const systemPriorities: ReadonlyMap<string, number> = new Map([
  ["system-cluster-critical", 2_000_000_000],
  ["system-node-critical", 2_000_001_000],
]);

/** A PriorityClass gives a name to the priority of pods. */
export const priorityClass = defineKind<PriorityClass>({
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  shortNames: ["pc"],
  scope: "Cluster",
  schema: schemaOf("scheduling.k8s.io/v1", "PriorityClass"),
  columns: [
    nameColumn(),
    { name: "Value", type: "integer", cell: (obj) => obj.value ?? 0 },
    { name: "Global-Default", type: "boolean", cell: (obj) => obj.globalDefault ?? false },
    ageColumn(),
    { name: "PreemptionPolicy", type: "string", cell: (obj) => obj.preemptionPolicy ?? "" },
  ],
  strategy: {
    defaults: (obj) => {
      obj.preemptionPolicy ??= "PreemptLowerPriority";
    },
    // It starts at 1 and nothing ever raises it.
    generationOf: () => "",
    validate: validatePriorityClass,
    validateUpdate: validatePriorityClassUpdate,
  },
});

function validatePriorityClass(obj: PriorityClass): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { preemptionPolicy, value = 0 } = obj;
  const name = obj.metadata.name ?? "";
  if (name.startsWith("system-")) {
    const problem = systemProblem(name, value, obj.globalDefault ?? false);
    if (problem !== undefined) {
      const detail = "priority class names with 'system-' prefix are reserved for system use only";
      errors.push(forbidden("metadata.name", `${detail}. error: ${problem}`));
    }
  } else if (value > MAX_USER_PRIORITY) {
    const detail = `maximum allowed value of a user defined priority is ${MAX_USER_PRIORITY}`;
    errors.push(forbidden("value", detail));
  }
  const policies = ["PreemptLowerPriority", "Never"];
  if (preemptionPolicy !== undefined && !policies.includes(preemptionPolicy)) {
    errors.push(notSupported("preemptionPolicy", preemptionPolicy, policies));
  }
  return errors;
}

function systemProblem(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = systemPriorities.get(name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validatePriorityClassUpdate(
  obj: PriorityClass,
  old: PriorityClass,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if ((obj.value ?? 0) !== (old.value ?? 0)) {
    errors.push(forbidden("value", "may not be changed in an update."));
  }
  if (obj.preemptionPolicy !== old.preemptionPolicy) {
    errors.push(invalid("preemptionPolicy", obj.preemptionPolicy, "field is immutable"));
  }
  return errors;
}
