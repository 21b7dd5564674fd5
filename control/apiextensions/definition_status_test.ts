import assert from "node:assert/strict";
import type { CustomResourceDefinition } from "../../shared/api/apiextensions/v1/types.gen.ts";
import { nextStatus, takenNames } from "./definition_status.ts";

const now = "2026-01-01T00:00:00Z";
const names = {
  plural: "widgets",
  singular: "widget",
  shortNames: ["wd"],
  kind: "Widget",
  listKind: "WidgetList",
};

function definitionOf(group = "example.com", annotations = {}): CustomResourceDefinition {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `widgets.${group}`, annotations },
    spec: {
      group,
      scope: "Namespaced",
      names,
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object" } },
      }],
    },
  };
}

/** A definition of the same group that holds these names. */
function holderOf(held: object): CustomResourceDefinition {
  const acceptedNames = { plural: "others", kind: "Other", ...held };
  return { ...definitionOf(), status: { acceptedNames } } as CustomResourceDefinition;
}

function statusAmong(
  definition: CustomResourceDefinition,
  others: CustomResourceDefinition[] = [],
) {
  return nextStatus(definition, { taken: takenNames([...others, definition]), now });
}

const summary = (status: ReturnType<typeof nextStatus>) =>
  status?.conditions?.map(({ type, status, reason, message }) =>
    `${type}=${status} ${reason}: ${message}`
  );

Deno.test("nextStatus() accepts free names, establishes the definition, and then has nothing to say", () => {
  const definition = definitionOf();
  const status = statusAmong(definition);
  assert.deepEqual(summary(status), [
    "NamesAccepted=True NoConflicts: no conflicts found",
    "Established=True InitialNamesAccepted: the initial names have been accepted",
  ]);
  assert.deepEqual(status?.acceptedNames, names);
  assert.equal(statusAmong({ ...definition, status: status! }), undefined);
});

/** What another definition holds, the condition that follows, and the field that is not accepted. */
const conflicts = [
  [{ plural: "widgets" }, 'PluralConflict: "widgets" is already in use', "plural"],
  [{ singular: "widget" }, 'SingularConflict: "widget" is already in use', "singular"],
  [{ shortNames: ["wd"] }, 'ShortNamesConflict: "wd" is already in use', "shortNames"],
  [{ kind: "Widget" }, 'KindConflict: "Widget" is already in use', "kind"],
  [{ listKind: "WidgetList" }, 'ListKindConflict: "WidgetList" is already in use', "listKind"],
  [{ plural: "wd" }, 'ShortNamesConflict: "wd" is already in use', "shortNames"],
] as const;

Deno.test("nextStatus() tells each conflict of names and takes the names that are free", () => {
  for (const [held, expected, field] of conflicts) {
    const status = statusAmong(definitionOf(), [holderOf(held)]);
    assert.deepEqual(summary(status), [
      `NamesAccepted=False ${expected}`,
      "Established=False NotAccepted: not all names are accepted",
    ]);
    assert.notDeepEqual(status?.acceptedNames?.[field], names[field]);
    const free = field === "plural" ? "singular" : "plural";
    assert.equal(status?.acceptedNames?.[free], names[free]);
  }
});

Deno.test("nextStatus() keeps an established kind established when a later name is taken", () => {
  const first = { ...definitionOf(), status: statusAmong(definitionOf())! };
  const renamed = {
    ...first,
    spec: { ...first.spec, names: { ...names, shortNames: ["wd", "taken"] } },
  };
  const status = statusAmong(renamed, [holderOf({ shortNames: ["taken"] })]);
  assert.deepEqual(summary(status), [
    'NamesAccepted=False ShortNamesConflict: "taken" is already in use',
    "Established=True InitialNamesAccepted: the initial names have been accepted",
  ]);
  assert.deepEqual(status?.acceptedNames?.shortNames, ["wd"]);
});

const approvals = [
  ["https://github.com/kubernetes/kubernetes/pull/1", "True ApprovedAnnotation"],
  ["unapproved, experimental", "False UnapprovedAnnotation"],
  ["yes", "False InvalidAnnotation"],
  ["", "False MissingAnnotation"],
] as const;

Deno.test("nextStatus() judges the approval of the groups of the Kubernetes community (KEP-1111)", () => {
  for (const [text, expected] of approvals) {
    const definition = definitionOf("x.k8s.io", { "api-approved.kubernetes.io": text });
    const lines = summary(statusAmong(definition)) ?? [];
    const found = lines.find((line) => line.includes("Approval")) ?? "none";
    assert.ok(found.startsWith(`KubernetesAPIApprovalPolicyConformant=${expected}: `), found);
  }
});
