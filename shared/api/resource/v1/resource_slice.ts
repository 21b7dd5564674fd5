import {
  duplicate,
  type FieldError,
  invalid,
  required,
  tooMany,
} from "../../../meta/field_error.ts";
import { isDns1123Label, isDns1123Subdomain } from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind, type WriteContext } from "../../kind.ts";
import { validateDriverName } from "../../storage/driver_name.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { isDeviceName, validateTaint } from "../device_validation.ts";
import type { Device, ResourcePool, ResourceSlice, ResourceSliceSpec } from "./types.gen.ts";

const MAX_DEVICES = 128;

/** A ResourceSlice lists devices that a driver offers on a node. */
export const resourceSlice = defineKind<ResourceSlice>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceSlice",
  plural: "resourceslices",
  scope: "Cluster",
  schema: schemaOf("resource.k8s.io/v1", "ResourceSlice"),
  columns: [
    nameColumn(),
    { name: "Node", type: "string", cell: ({ spec }) => spec.nodeName ?? "" },
    { name: "Driver", type: "string", cell: ({ spec }) => spec.driver },
    { name: "Pool", type: "string", cell: ({ spec }) => spec.pool?.name ?? "" },
    ageColumn(),
  ],
  selectableFields: {
    "spec.driver": ({ spec }) => spec.driver,
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    "spec.pool.name": ({ spec }) => spec.pool?.name ?? "",
  },
  returnsDeletedObject: true,
  strategy: {
    prepareForCreate: stampTaints,
    prepareForUpdate: (obj, _old, context) => stampTaints(obj, context),
    generationOf: (obj) => obj.spec,
    validate: ({ spec }) => validateSpec(spec, "spec"),
    validateUpdate: validateSliceUpdate,
  },
});

/** A taint counts from when it was added. */
function stampTaints({ spec }: ResourceSlice, { now }: WriteContext): void {
  for (const { taints } of spec.devices ?? []) {
    for (const taint of taints ?? []) taint.timeAdded ??= now;
  }
}

function validateSpec(spec: ResourceSliceSpec, path: string): readonly FieldError[] {
  const errors = [...validateDriverName(spec.driver, `${path}.driver`)];
  validatePool(spec.pool, `${path}.pool`, errors);
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection, devices = [] } = spec;
  const choices = [nodeName !== undefined, nodeSelector !== undefined, allNodes === true];
  const count = [...choices, perDeviceNodeSelection === true].filter(Boolean).length;
  const detail =
    "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
  if (count === 0 && !spec.sharedCounters?.length) errors.push(required(path, detail));
  else if (count > 1) errors.push(invalid(path, undefined, detail));
  if (nodeName !== undefined) {
    for (const message of isDns1123Subdomain(nodeName)) {
      errors.push(invalid(`${path}.nodeName`, nodeName, message));
    }
  }
  if (devices.length > MAX_DEVICES) {
    errors.push(tooMany(`${path}.devices`, devices.length, MAX_DEVICES));
  }
  const names = new Set<string>();
  devices.forEach((device, index) => {
    const at = `${path}.devices[${index}]`;
    validateDevice(device, at, errors);
    if (names.has(device.name)) errors.push(duplicate(`${at}.name`, device.name));
    names.add(device.name);
  });
  return errors;
}

function validatePool(pool: ResourcePool | undefined, path: string, errors: FieldError[]): void {
  const { name = "", generation = 0, resourceSliceCount = 0 } = pool ?? {};
  if (name === "") errors.push(required(`${path}.name`));
  for (const part of name === "" ? [] : name.split("/")) {
    for (const message of isDns1123Subdomain(part)) {
      errors.push(invalid(`${path}.name`, part, message));
    }
  }
  if (generation < 0) {
    const detail = "must be greater than or equal to zero";
    errors.push(invalid(`${path}.generation`, generation, detail));
  }
  if (resourceSliceCount <= 0) {
    const detail = "must be greater than zero";
    errors.push(invalid(`${path}.resourceSliceCount`, resourceSliceCount, detail));
  }
}

function validateDevice(device: Device, path: string, errors: FieldError[]): void {
  const { name, attributes = {}, capacity = {}, taints } = device;
  if (!name) errors.push(required(`${path}.name`));
  else {
    for (const message of isDns1123Label(name)) {
      errors.push(invalid(`${path}.name`, name, message));
    }
  }
  for (const [field, map] of [["attributes", attributes], ["capacity", capacity]] as const) {
    for (const key of Object.keys(map)) {
      for (const message of isDeviceName(key)) {
        errors.push(invalid(`${path}.${field}`, key, message));
      }
    }
  }
  taints?.forEach((taint, i) => errors.push(...validateTaint(taint, `${path}.taints[${i}]`)));
}

/** Who offers the devices and where stays; which devices there are may change. */
function validateSliceUpdate(obj: ResourceSlice, old: ResourceSlice): readonly FieldError[] {
  const errors: FieldError[] = [];
  const check = (field: string, value: unknown, before: unknown) => {
    if (value !== before) errors.push(invalid(`spec.${field}`, value, "field is immutable"));
  };
  check("driver", obj.spec.driver, old.spec.driver);
  check("pool.name", obj.spec.pool.name, old.spec.pool.name);
  check("nodeName", obj.spec.nodeName, old.spec.nodeName);
  return errors;
}
