import { parseJson } from "../../../shared/codec/json.ts";
import { decodeProtobuf } from "../../../shared/codec/protobuf.ts";
import { decodeEnvelope } from "../../../shared/codec/protobuf_envelope.ts";
import { parseYaml } from "../../../shared/codec/yaml.ts";
import { type FieldError, forbidden, notSupported } from "../../../shared/meta/field_error.ts";
import type { DeleteOptions } from "../../../shared/meta/types.gen.ts";
import { decodeStruct } from "../../../shared/schema/decode.ts";
import { DecodeError } from "../../../shared/schema/decode_error.ts";
import { schemaOf } from "../../../shared/schema/schema.ts";
import { badRequest, conflictError, invalidError } from "../../registry/errors.ts";
import type { ResourceStore } from "../../registry/resource_store.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import { readDryRun } from "../decode_body.ts";
import { readListOptions } from "../list_options.ts";
import { contentTypeName } from "../negotiation.ts";
import { isTrue } from "../request_info.ts";
import { type ResourceRequest, writeScope } from "../resource_request.ts";
import { deletedStatus, respondList, respondObject, respondWith } from "../respond.ts";
import { matcherOf } from "../selectors.ts";
import { viewOf } from "./read.ts";
import type { WriteDeps } from "./write.ts";

/** DELETE of one object. */
export async function deleteObject(
  request: ResourceRequest,
  store: ResourceStore,
  { negotiated, clock }: WriteDeps,
): Promise<Response> {
  const { info, query, resource: { kind } } = request;
  const options = await readDeleteOptions(request);
  const dryRun = (options.dryRun ?? []).length > 0 || readDryRun(query, "DeleteOptions");
  const scope = writeScope(request, dryRun);
  const { object, removed } = await store.delete(kind, info.name, options, scope);
  const asked = options.propagationPolicy;
  for (const warning of kind.strategy.deleteWarnings?.(asked) ?? []) request.warn(warning);
  if (!removed || kind.returnsDeletedObject) {
    return respondObject(negotiated, kind, { object, now: clock.now() });
  }
  return respondWith({ ...negotiated, as: "" }, deletedStatus(kind, object));
}

/** How many deletions of one collection run at once. */
const deleteWorkers = 16;

/** DELETE of a collection: what the selectors match now, one by one; answers with what was there. */
export async function deleteCollection(
  request: ResourceRequest,
  store: ResourceStore,
  { negotiated, clock }: WriteDeps,
): Promise<Response> {
  const { info, query, resource: { kind } } = request;
  const options = await readDeleteOptions(request);
  const dryRun = (options.dryRun ?? []).length > 0 || readDryRun(query, "DeleteOptions");
  const listOptions = readListOptions(query, false);
  const match = matcherOf(kind, listOptions);
  const { entries, revision } = await store.cache.list({
    ...(info.namespace !== "" && { namespace: info.namespace }),
    ...(match && { match }),
    ...(listOptions.limit > 0 && { limit: listOptions.limit }),
  });
  const scope = writeScope(request, dryRun);
  const remaining = entries.values();
  const work = async () => {
    for (const entry of remaining) {
      const one = { ...scope, namespace: entry.namespace };
      await store.delete(kind, entry.name, options, one, { ofCollection: true }).catch(
        (error: unknown) => {
          if (!isStatus(error, "NotFound")) {
            throw preconditionError(error, kind, entry.name, options, entry.value);
          }
        },
      );
    }
  };
  await Promise.all(Array.from({ length: deleteWorkers }, work));
  return respondList(negotiated, kind, {
    entries,
    metadata: { resourceVersion: String(revision) },
    now: clock.now(),
    decode: (value) => viewOf(kind, value),
  });
}

function preconditionError(
  error: unknown,
  kind: ResourceRequest["resource"]["kind"],
  name: string,
  { preconditions }: Partial<DeleteOptions>,
  value: Uint8Array,
): unknown {
  if (!isStatus(error, "Conflict") || preconditions?.uid === undefined) return error;
  const { uid } = viewOf(kind, value).metadata;
  return conflictError(
    { group: kind.group, plural: kind.kind },
    name,
    `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
  );
}

/** DeleteOptions of the body or, where it is empty, of the query. Throws BadRequest or Invalid. */
export async function readDeleteOptions(request: ResourceRequest): Promise<Partial<DeleteOptions>> {
  const bytes = await request.body();
  const options = bytes.length > 0 ? decodeOptions(request, bytes) : queryOptions(request.query);
  if (bytes.length > 0) request.audit?.sent(options);
  const errors = checkOptions(options);
  if (errors.length > 0) {
    throw invalidError({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", errors);
  }
  return options;
}

function decodeOptions(request: ResourceRequest, bytes: Uint8Array): Partial<DeleteOptions> {
  const schema = schemaOf("v1", "DeleteOptions");
  const type = contentTypeName(request.header("content-type"), "application/json");
  try {
    if (type === "application/vnd.kubernetes.protobuf") {
      return decodeProtobuf(schema, decodeEnvelope(bytes).raw) as Partial<DeleteOptions>;
    }
    const { value } = type === "application/yaml" ? parseYaml(bytes) : parseJson(bytes);
    return decodeStruct(schema, value, { strict: false }).object as Partial<DeleteOptions>;
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message, error);
    throw error;
  }
}

function queryOptions(query: URLSearchParams): Partial<DeleteOptions> {
  const grace = query.get("gracePeriodSeconds");
  if (grace !== null && !/^[+-]?\d+$/.test(grace)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  }
  const policy = query.get("propagationPolicy");
  return {
    ...(grace !== null && { gracePeriodSeconds: Number(grace) }),
    ...(policy && { propagationPolicy: policy }),
    ...(query.has("orphanDependents") && {
      orphanDependents: isTrue(query.get("orphanDependents")),
    }),
  };
}

const policies = ["Foreground", "Background", "Orphan"];

function checkOptions(options: Partial<DeleteOptions>): FieldError[] {
  const { propagationPolicy: policy, orphanDependents, dryRun = [] } = options;
  const errors: FieldError[] = [];
  if (policy !== undefined && orphanDependents !== undefined) {
    errors.push(
      forbidden(
        "propagationPolicy",
        "orphanDependents and deletionPropagation cannot be both set",
      ),
    );
  }
  if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported("propagationPolicy", policy, [...policies, "nil"]));
  }
  if (dryRun.some((value) => value !== "All")) {
    errors.push(notSupported("dryRun", dryRun, ["All"]));
  }
  return errors;
}
