import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { createdAtColumn, nameColumn } from "../../table_columns.ts";
import { validateLimitRange } from "./limit_range_validation.ts";
import { defaultResourceList } from "./resource_list.ts";
import type { LimitRange, LimitRangeItem } from "./types.gen.ts";

/** Bounds and defaults for the resources of what is created in a namespace. */
export const limitRange = defineKind<LimitRange>({
  group: "",
  version: "v1",
  kind: "LimitRange",
  plural: "limitranges",
  shortNames: ["limits"],
  scope: "Namespaced",
  schema: schemaOf("v1", "LimitRange"),
  columns: [nameColumn(), createdAtColumn()],
  strategy: {
    allowCreateOnUpdate: true,
    defaults(obj) {
      for (const item of obj.spec?.limits ?? []) defaultLimits(item);
    },
    validate: validateLimitRange,
  },
});

/** Limits default to the maximum, requests to the default limit, then to the minimum. */
function defaultLimits(item: LimitRangeItem): void {
  for (const list of [item.max, item.min, item.default, item.defaultRequest]) {
    defaultResourceList(list);
  }
  defaultResourceList(item.maxLimitRequestRatio);
  if (item.type !== "Container") return;
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  item.default = limits;
  item.defaultRequest = requests;
}
