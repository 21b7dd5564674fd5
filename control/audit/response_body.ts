import { Buffer } from "node:buffer";
import { decodeProtobuf } from "../../shared/codec/protobuf.ts";
import { decodeEnvelope } from "../../shared/codec/protobuf_envelope.ts";
import { parseYaml } from "../../shared/codec/yaml.ts";
import type { Status } from "../../shared/meta/types.gen.ts";
import { schemaOf, schemaOfType } from "../../shared/schema/schema.ts";
import { mediaTypes } from "../endpoints/negotiation.ts";

const jsonStatus = Buffer.from('{"kind":"Status","apiVersion":"v1"');

/** The object that a response's bytes are, in JSON's form; undefined if they are none (text, OpenAPI in protobuf). */
export function responseObject(bytes: Uint8Array, contentType: string): unknown {
  const type = contentType.split(";", 1)[0];
  if (bytes.length === 0) return undefined;
  if (type === mediaTypes.json) return JSON.parse(new TextDecoder().decode(bytes));
  if (type === mediaTypes.yaml) return parseYaml(bytes).value;
  if (type !== mediaTypes.protobuf) return undefined;
  const { apiVersion, kind, raw } = decodeEnvelope(bytes);
  const schema = apiVersion.startsWith("meta.k8s.io/")
    ? schemaOfType(`k8s.io.apimachinery.pkg.apis.meta.v1.${kind}`)
    : schemaOf(apiVersion, kind);
  return { kind, apiVersion, ...decodeProtobuf(schema, raw) };
}

/** The parts of a Status that events show; undefined for a response that is none. */
export function responseStatus(
  bytes: Uint8Array,
  contentType: string,
): Partial<Status> | undefined {
  if (!isStatus(bytes, contentType)) return undefined;
  const { status, message, reason, details } = responseObject(bytes, contentType) as Status;
  return {
    ...(status && { status }),
    ...(message && { message }),
    ...(reason && { reason }),
    ...(details && { details }),
  };
}

/** Looks at the first bytes alone: most responses are large and no Status. */
function isStatus(bytes: Uint8Array, contentType: string): boolean {
  if (contentType.startsWith(mediaTypes.json)) {
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64));
    if (head.subarray(0, jsonStatus.length).equals(jsonStatus)) return true;
    // Somebody who asked for it reads it with spaces.
    return /^\{\s+"kind": "Status"/.test(head.toString());
  }
  if (contentType.startsWith(mediaTypes.yaml)) {
    return (responseObject(bytes, contentType) as { kind?: string })?.kind === "Status";
  }
  return contentType.startsWith(mediaTypes.protobuf) && decodeEnvelope(bytes).kind === "Status";
}
