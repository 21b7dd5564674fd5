import { duplicate, type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { isQualifiedName } from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateDriverName } from "../driver_name.ts";
import type { CSINode, CSINodeDriver } from "./types.gen.ts";

/** What the CSI specification allows for a node's id. */
const MAX_NODE_ID_BYTES = 192;

/** A CSINode lists the CSI drivers that run on the node of the same name. */
export const csiNode = defineKind<CSINode>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSINode",
  plural: "csinodes",
  scope: "Cluster",
  schema: schemaOf("storage.k8s.io/v1", "CSINode"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Drivers", type: "integer", cell: (obj) => obj.spec?.drivers?.length ?? 0 },
    ageColumn(),
  ],
  returnsDeletedObject: true,
  strategy: {
    requireResourceVersion: true,
    validate: (obj) => validateDrivers(obj.spec?.drivers ?? [], "spec.drivers"),
    validateUpdate: validateDriversUpdate,
  },
});

function validateDrivers(drivers: readonly CSINodeDriver[], path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  drivers.forEach((driver, index) => {
    const at = `${path}[${index}]`;
    errors.push(...validateDriverName(driver.name, `${at}.name`));
    if (!driver.nodeID) errors.push(required(`${at}.nodeID`));
    else if (driver.nodeID.length > MAX_NODE_ID_BYTES) {
      const detail = `must be ${MAX_NODE_ID_BYTES} characters or less`;
      errors.push(invalid(`${at}.nodeID`, driver.nodeID, detail));
    }
    validateTopologyKeys(driver.topologyKeys ?? [], `${at}.topologyKeys`, errors);
    const count = driver.allocatable?.count;
    if (count !== undefined && count < 0) {
      const detail = "must be greater than or equal to 0";
      errors.push(invalid(`${at}.allocatable.count`, count, detail));
    }
    if (names.has(driver.name)) errors.push(duplicate(`${at}.name`, driver.name));
    names.add(driver.name);
  });
  return errors;
}

function validateTopologyKeys(keys: readonly string[], path: string, errors: FieldError[]): void {
  const seen = new Set<string>();
  for (const key of keys) {
    if (key === "") {
      errors.push(required(path));
      continue;
    }
    if (seen.has(key)) errors.push(duplicate(path, key));
    seen.add(key);
    for (const message of isQualifiedName(key)) errors.push(invalid(path, key, message));
  }
}

/** Drivers come and go; of one that stays only what it can still attach may change. */
function validateDriversUpdate(obj: CSINode, old: CSINode): readonly FieldError[] {
  const known = new Map((old.spec?.drivers ?? []).map((driver) => [driver.name, driver]));
  return (obj.spec?.drivers ?? []).flatMap((driver) => {
    const before = known.get(driver.name);
    const same = before === undefined || before.nodeID === driver.nodeID &&
        JSON.stringify(before.topologyKeys ?? []) === JSON.stringify(driver.topologyKeys ?? []);
    return same ? [] : [invalid("CSINodeDriver", driver, "field is immutable")];
  });
}
