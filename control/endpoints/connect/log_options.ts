import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
} from "../../../shared/meta/field_error.ts";
import { badRequest, invalidError } from "../../registry/errors.ts";
import { isTrue } from "../request_info.ts";

/** `PodLogOptions`, checked. */
export interface LogOptions {
  /** "" if none was named. */
  readonly container: string;
  /** What the node is asked: only what differs from the defaults. */
  readonly query: URLSearchParams;
}

const notPositive = "must be greater than 0";
const streams = ["All", "Stderr", "Stdout"];

/** Throws BadRequest for what cannot be read and Invalid for what makes no sense. */
export function readLogOptions(query: URLSearchParams, podName: string): LogOptions {
  const number = (name: string) => integerOf(query.get(name));
  const tailLines = number("tailLines");
  const limitBytes = number("limitBytes");
  const sinceSeconds = number("sinceSeconds");
  const sinceTime = timeOf(query.get("sinceTime"));
  const stream = query.get("stream") || undefined;
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(invalid("tailLines", tailLines, "must be greater than or equal to 0"));
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    errors.push(invalid("limitBytes", limitBytes, notPositive));
  }
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    errors.push(forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(invalid("sinceSeconds", sinceSeconds, notPositive));
  }
  if (stream !== undefined && !streams.includes(stream)) {
    errors.push(notSupported("stream", stream, streams));
  }
  if (stream !== undefined && stream !== "All" && tailLines !== undefined) {
    const text = "`tailLines` and specific `stream` are mutually exclusive for now";
    errors.push(forbidden("", text));
  }
  if (errors.length > 0) {
    throw invalidError({ group: "", kind: "PodLogOptions" }, podName, errors);
  }
  const flag = (name: string) => query.has(name) && isTrue(query.get(name)) ? "true" : undefined;
  const asked = {
    follow: flag("follow"),
    previous: flag("previous"),
    timestamps: flag("timestamps"),
    ...{ tailLines, limitBytes, sinceSeconds, sinceTime },
    stream: stream === "All" ? undefined : stream,
  };
  const known = Object.entries(asked).filter(([, value]) => value !== undefined);
  return {
    container: query.get("container") ?? "",
    query: new URLSearchParams(known.map(([name, value]) => [name, String(value)])),
  };
}

function integerOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^[+-]?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

function timeOf(text: string | null): string | undefined {
  if (text === null || text === "") return undefined;
  const isTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text) &&
    !Number.isNaN(Date.parse(text));
  if (isTime) return text;
  const quoted = JSON.stringify(text);
  throw badRequest(
    `parsing time ${quoted} as "2006-01-02T15:04:05Z07:00": cannot parse ${quoted} as "2006"`,
  );
}
