import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
} from "../../shared/meta/field_error.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { isTrue } from "./request_info.ts";
import { badRequest, invalidError } from "../registry/errors.ts";

/** `metav1.ListOptions` as far as a list or watch depends on them. */
export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly limit: number;
  readonly continue: string;
  /** As given; "" if absent. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly watch: boolean;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  /** 0: the server chooses. */
  readonly timeoutSeconds: number;
}

/**
 * Reads and checks the query of a list or watch. Throws BadRequest for what does not parse and Invalid for
 * combinations that have no meaning (KEP-365, KEP-3157; `ValidateListOptions`).
 */
export function readListOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const options: ListOptions = {
    labelSelector: query.get("labelSelector") ?? "",
    fieldSelector: query.get("fieldSelector") ?? "",
    limit: integer(query.get("limit")),
    continue: query.get("continue") ?? "",
    resourceVersion: query.get("resourceVersion") ?? "",
    resourceVersionMatch: query.get("resourceVersionMatch") ?? "",
    watch,
    allowWatchBookmarks: isTrue(query.get("allowWatchBookmarks")),
    sendInitialEvents: query.has("sendInitialEvents")
      ? isTrue(query.get("sendInitialEvents"))
      : undefined,
    timeoutSeconds: integer(query.get("timeoutSeconds")),
  };
  const errors = watch ? checkWatch(options) : checkList(options);
  if (errors.length > 0) {
    throw invalidError({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors);
  }
  return options;
}

const matches = ["", "Exact", "NotOlderThan"];

function checkList(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match, resourceVersion, sendInitialEvents } = options;
  const errors: FieldError[] = [];
  if (sendInitialEvents !== undefined) {
    errors.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (match === "") return errors;
  if (options.continue !== "") {
    errors.push(
      forbidden(
        "resourceVersionMatch",
        "resourceVersionMatch is forbidden when continue is provided",
      ),
    );
  }
  if (resourceVersion === "") {
    errors.push(
      forbidden(
        "resourceVersionMatch",
        "resourceVersionMatch is forbidden unless resourceVersion is provided",
      ),
    );
  }
  if (!matches.includes(match)) {
    errors.push(notSupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""]));
  }
  if (match === "Exact" && resourceVersion === "0") {
    errors.push(
      forbidden(
        "resourceVersionMatch",
        'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
      ),
    );
  }
  return errors;
}

function checkWatch(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match, sendInitialEvents } = options;
  const path = "resourceVersionMatch";
  const errors: FieldError[] = [];
  if (options.continue !== "") {
    errors.push(forbidden(path, "resourceVersionMatch is forbidden when continue is provided"));
  }
  if (sendInitialEvents === undefined) {
    if (match === "") return errors;
    errors.push(
      forbidden(
        path,
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
      ),
    );
  } else if (match !== "NotOlderThan") {
    errors.push(
      forbidden(
        path,
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
      ),
    );
  }
  if (match !== "" && match !== "NotOlderThan") {
    errors.push(notSupported(path, match, ["NotOlderThan"]));
  }
  return errors;
}

/** A whole number as Go's strconv.ParseInt reads it; 0 for absent. */
function integer(text: string | null): number {
  if (text === null || text === "") return 0;
  if (!/^[+-]?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const value = Number(text);
  if (Math.abs(value) > Number(2n ** 63n - 1n)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return value;
}

/** A resourceVersion parameter as a number; 0 for absent or "0". Throws as the reference does for anything else. */
export function readResourceVersion(text: string): number {
  if (text === "" || text === "0") return 0;
  if (!/^\d+$/.test(text) || Number(text) > Number.MAX_SAFE_INTEGER) {
    const { message } = invalid(
      "resourceVersion",
      text,
      `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
    throw new StatusError("", `resourceVersion: ${message}`, { code: 500 });
  }
  return Number(text);
}
