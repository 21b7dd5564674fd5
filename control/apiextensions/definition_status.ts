import { approvalOf, isProtected } from "../../shared/api/apiextensions/approval.ts";
import { isCaBundle } from "../../shared/api/apiextensions/ca_bundle.ts";
import {
  areNamesAccepted,
  isEstablished,
} from "../../shared/api/apiextensions/definition_conditions.ts";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from "../../shared/api/apiextensions/v1/types.gen.ts";
import { findCondition, removeCondition, setCondition } from "../../shared/meta/conditions.ts";
import { invalid } from "../../shared/meta/field_error.ts";
import { sameJson } from "../../shared/schema/same_json.ts";
import {
  structuralObstacle,
  validateStructural,
} from "../../shared/schema/structural/structural_rules.ts";

type Condition = Omit<CustomResourceDefinitionCondition, "lastTransitionTime">;
type Conditions = readonly CustomResourceDefinitionCondition[];

/** The names that other definitions of the group hold. */
export interface TakenNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/** The names that the definitions hold among them. */
export function takenNames(definitions: Iterable<CustomResourceDefinition>): TakenNames {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { status } of definitions) {
    const { plural, singular, shortNames = [], kind, listKind } = status?.acceptedNames ?? {};
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name);
    for (const name of [kind, listKind]) if (name) kinds.add(name);
  }
  return { resources, kinds };
}

/**
 * The status that a definition should have: which of its names are accepted, whether it is served, and what is to be
 * said of its schema and group. `taken` are the names of all definitions of its group, its own included. undefined: it
 * has that status.
 */
export function nextStatus(
  definition: CustomResourceDefinition,
  { taken, now }: { readonly taken: TakenNames; readonly now: string },
): CustomResourceDefinitionStatus | undefined {
  const { status } = definition;
  let conditions: Conditions = status?.conditions ?? [];
  let acceptedNames = status?.acceptedNames ?? { plural: "", kind: "" };
  const set = (condition: Condition) => conditions = setCondition(conditions, condition, now);
  if (!sameJson(definition.spec.names, acceptedNames)) {
    const judged = judgeNames(definition, taken);
    acceptedNames = judged.names;
    set(judged.condition);
    if (!findCondition(conditions, "Established")) set(notAccepted);
  }
  const accepted = { ...definition, status: { ...status, conditions: [...conditions] } };
  if (areNamesAccepted(accepted) && !isEstablished(accepted)) set(establish(definition));
  const structural = structuralCondition(definition);
  conditions = structural
    ? setCondition(conditions, structural, now)
    : removeCondition(conditions, "NonStructuralSchema");
  const approval = approvalCondition(definition);
  if (approval) set(approval);
  const next = { ...status, conditions: [...conditions], acceptedNames };
  const before = { ...status, conditions: status?.conditions ?? [] };
  return sameJson(next, before) ? undefined : next;
}

const notAccepted: Condition = {
  type: "Established",
  status: "False",
  reason: "NotAccepted",
  message: "not all names are accepted",
};

function establish({ spec }: CustomResourceDefinition): Condition {
  const bundle = spec.conversion?.webhook?.clientConfig?.caBundle;
  if (bundle && !isCaBundle(bundle)) {
    return {
      type: "Established",
      status: "False",
      reason: "InvalidCABundle",
      message: "The conversion webhook CABundle is invalid",
    };
  }
  return {
    type: "Established",
    status: "True",
    reason: "InitialNamesAccepted",
    message: "the initial names have been accepted",
  };
}

/** Takes over every name that is free; the last conflict is the one that is told. */
function judgeNames(
  { spec, status }: CustomResourceDefinition,
  taken: TakenNames,
): { readonly names: CustomResourceDefinitionNames; readonly condition: Condition } {
  const wanted = spec.names;
  const held = status?.acceptedNames ?? { plural: "", kind: "" };
  const names: CustomResourceDefinitionNames = { ...held };
  let conflict: { readonly reason: string; readonly message: string } | undefined;
  const inUse = (name: string | undefined, used: ReadonlySet<string>) =>
    used.has(name ?? "") ? `${JSON.stringify(name)} is already in use` : undefined;
  const take = (field: "plural" | "singular" | "kind" | "listKind", reason: string) => {
    const used = field === "kind" || field === "listKind" ? taken.kinds : taken.resources;
    const message = wanted[field] === held[field] ? undefined : inUse(wanted[field], used);
    if (message) conflict = { reason, message };
    else if (wanted[field] !== undefined) names[field] = wanted[field];
  };
  take("plural", "PluralConflict");
  take("singular", "SingularConflict");
  const short = (wanted.shortNames ?? []).filter((name) => !held.shortNames?.includes(name))
    .map((name) => inUse(name, taken.resources)).filter((message) => message !== undefined);
  if (short.length > 0) {
    const message = short.length === 1 ? short[0]! : `[${[...new Set(short)].join(", ")}]`;
    conflict = { reason: "ShortNamesConflict", message };
  } else setOrDrop(names, "shortNames", wanted.shortNames);
  take("kind", "KindConflict");
  take("listKind", "ListKindConflict");
  setOrDrop(names, "categories", wanted.categories);
  const condition = conflict ? { type: "NamesAccepted", status: "False", ...conflict } : {
    type: "NamesAccepted",
    status: "True",
    reason: "NoConflicts",
    message: "no conflicts found",
  };
  return { names, condition };
}

function setOrDrop(
  names: CustomResourceDefinitionNames,
  field: "shortNames" | "categories",
  value: string[] | undefined,
): void {
  if (value === undefined) delete names[field];
  else names[field] = value;
}

/** What keeps the schemas from being structural: only definitions from long ago have any of it. */
function structuralCondition({ spec }: CustomResourceDefinition): Condition | undefined {
  const type = "NonStructuralSchema";
  const texts: string[] = [];
  if (spec.preserveUnknownFields) {
    const { message } = invalid("", true, "must be false");
    texts.push(`spec.preserveUnknownFields: ${message}`);
  }
  for (const [i, { name, schema }] of spec.versions.entries()) {
    const given = schema?.openAPIV3Schema;
    if (!given) continue;
    const obstacle = structuralObstacle(given);
    if (obstacle) {
      const message = `failed to check validation schema for version ${name}: ${obstacle}`;
      return { type, status: "Unknown", reason: "StructuralError", message };
    }
    const errors = validateStructural(`spec.versions[${i}].schema.openAPIV3Schema`, given);
    texts.push(...errors.map(({ path, message }) => `${path}: ${message}`));
  }
  if (texts.length === 0) return undefined;
  const message = texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
  return { type, status: "True", reason: "Violations", message };
}

function approvalCondition(definition: CustomResourceDefinition): Condition | undefined {
  if (!isProtected(definition.spec.group)) return undefined;
  const { state, reason: message } = approvalOf(definition);
  const reasons = {
    approved: "ApprovedAnnotation",
    bypassed: "UnapprovedAnnotation",
    missing: "MissingAnnotation",
    invalid: "InvalidAnnotation",
  };
  return {
    type: "KubernetesAPIApprovalPolicyConformant",
    status: state === "approved" ? "True" : "False",
    reason: reasons[state],
    message,
  };
}
