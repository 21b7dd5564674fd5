import { parseAccept, parseContentType } from "../../shared/codec/media_type.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { isTrue } from "./request_info.ts";

export type Format = "json" | "yaml" | "protobuf";
/** What an object is turned into on its way out; "": nothing. */
export type Transform = "" | "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";

/** How an answer is to be written. */
export interface Negotiated {
  readonly format: Format;
  readonly as: Transform;
  /** `meta.k8s.io` version of what it is turned into. */
  readonly metaVersion: "v1" | "v1beta1";
  readonly pretty: boolean;
  /** For tables: what each row carries. */
  readonly includeObject: "None" | "Metadata" | "Object";
}

const formats: Readonly<Record<string, Format>> = {
  "application/json": "json",
  "application/yaml": "yaml",
  "application/vnd.kubernetes.protobuf": "protobuf",
};
/** Media types by format, as Content-Type. */
export const mediaTypes: Readonly<Record<Format, string>> = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
};
const transforms = new Set<string>(["Table", "PartialObjectMetadata", "PartialObjectMetadataList"]);

/** JSON, as it is written when nothing else was (or could be) agreed on. */
export const plainJson: Negotiated = {
  format: "json",
  as: "",
  metaVersion: "v1",
  pretty: false,
  includeObject: "Metadata",
};

/**
 * Picks the answer's form from the Accept header and the query. Throws NotAcceptable if the client takes none of ours.
 * Source: API concepts, "Alternate representations of resources", "Receiving resources as Tables".
 */
export function negotiate(
  accept: string | undefined,
  query: URLSearchParams,
  { watch = false, only }: { readonly watch?: boolean; readonly only?: readonly Format[] } = {},
): Negotiated {
  const pretty = isTrue(query.get("pretty"));
  const includeObject = (query.get("includeObject") ?? "") as Negotiated["includeObject"] | "";
  const rest = { pretty, includeObject: includeObject || "Metadata", metaVersion: "v1" } as const;
  if (accept === undefined || accept.trim() === "") return { format: "json", as: "", ...rest };
  for (const range of parseAccept(accept)) {
    const type = `${range.type}/${range.subtype}`;
    const format = type === "*/*" ? "json" : formats[type];
    if (format === undefined || (only && !only.includes(format))) continue;
    if (watch && format === "yaml") continue;
    const as = range.parameters.as ?? "";
    if (as === "") return { format, as: "", ...rest };
    const { g = "", v = "" } = range.parameters;
    const known = transforms.has(as) && g === "meta.k8s.io" && (v === "v1" || v === "v1beta1");
    if (known) return { ...rest, format, as: as as Transform, metaVersion: v };
  }
  throw notAcceptable(only ?? ["json", "yaml", "protobuf"], watch);
}

/** The 406 that names what can be had. */
export function notAcceptable(available: readonly Format[], watch = false): StatusError {
  const names = available.map((format) => mediaTypes[format]);
  if (watch) {
    names.push("application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch");
  }
  return new StatusError(
    "NotAcceptable",
    `406: Not Acceptable\n\nAvailable representations: ${names.join(", ")}`,
    { details: {} },
  );
}

/** `application/json` of `application/json; charset=utf-8`; `otherwise` if there is no such header. */
export function contentTypeName(header: string | undefined, otherwise = ""): string {
  const media = parseContentType(header);
  return media ? `${media.type}/${media.subtype}` : header ? header : otherwise;
}
