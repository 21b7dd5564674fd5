/**
 * Writes and refusals of a kube-apiserver v1.37, with the object before each: the sets of fields, who they belong to,
 * and every message must come out the same.
 */
import assert from "node:assert/strict";
import type { KubeObject } from "../../../shared/api/kind.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { ManagedFieldsEntry } from "../../../shared/meta/types.gen.ts";
import { schemaOf } from "../../../shared/schema/schema.ts";
import { applyObject } from "./apply.ts";
import data from "./data/recorded_cases.json" with { type: "json" };
import { fieldSet } from "./field_set.ts";
import { updateManagedFields } from "./managed_fields.ts";

interface RecordedCase {
  readonly title: string;
  readonly op: "apply" | "update";
  readonly manager: string;
  readonly sub?: string;
  readonly force?: boolean;
  /** Index into `objects`; null for a create. */
  readonly live: number | null;
  readonly object: KubeObject;
  /** Manager, operation, version, subresource, whether it has a time, fields. */
  readonly want?: readonly unknown[];
  readonly status?: unknown;
}

const objects = data.objects as unknown as readonly KubeObject[];
const cases = data.cases as unknown as readonly RecordedCase[];

for (const recorded of cases) {
  const { title, op, status, want } = recorded;
  Deno.test(`${op === "apply" ? "applyObject" : "updateManagedFields"}() ${title}`, () => {
    const live = recorded.live === null ? undefined : objects[recorded.live];
    const before = JSON.stringify([live, recorded.object]);
    if (status) {
      assert.throws(
        () => write(recorded, live),
        (error) => {
          assert.ok(error instanceof StatusError);
          assert.deepEqual(error.toStatus(), status);
          return true;
        },
      );
    } else {
      assert.equal(JSON.stringify(summary(write(recorded, live))), JSON.stringify(want));
    }
    assert.equal(JSON.stringify([live, recorded.object]), before, "an argument was changed");
  });
}

function write(recorded: RecordedCase, live: KubeObject | undefined) {
  const type = live ?? recorded.object;
  const shared = {
    schema: schemaOf(type.apiVersion, type.kind),
    manager: recorded.manager,
    apiVersion: type.apiVersion,
    subresource: recorded.sub ?? "",
    // The recorded entries that these writes renew keep their place in the order.
    now: "2026-01-01T00:00:00Z",
    resetFields: fieldSet([recorded.sub === "status" ? "f:spec" : "f:status"]),
  };
  if (recorded.op === "update") {
    return updateManagedFields({ ...shared, old: live, object: recorded.object });
  }
  const { object } = applyObject({
    ...shared,
    live,
    applied: recorded.object,
    kind: type.kind,
    force: recorded.force ?? false,
  });
  return object.metadata.managedFields;
}

function summary(entries: readonly ManagedFieldsEntry[] = []) {
  return entries.map((entry) => [
    entry.manager,
    entry.operation,
    entry.apiVersion,
    entry.subresource ?? "",
    entry.time !== undefined,
    entry.fieldsV1,
  ]);
}
