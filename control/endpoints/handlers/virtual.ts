import type { Status } from "../../../shared/meta/types.gen.ts";
import type { KindDefinition, KubeObject, Strategy, Verb } from "../../../shared/api/kind.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { schemaOf } from "../../../shared/schema/schema.ts";
import { requestAttributes } from "../../admission/request_attributes.ts";
import { checkNamespace } from "./write.ts";
import { decodeBody, readDryRun, readFieldValidation } from "../decode_body.ts";
import { negotiate } from "../negotiation.ts";
import { trackFields } from "../../registry/field_tracking.ts";
import type { AdmissionChain } from "../../registry/store_types.ts";
import { type ResourceRequest, type Subresource, writeScope } from "../resource_request.ts";
import { respondWith } from "../respond.ts";

/** Computes the answer to a created object that is not kept: a review, a token, a binding. */
export type Answer = (
  object: KubeObject,
  request: ResourceRequest,
  options: { readonly dryRun: boolean },
) => Promise<KubeObject | Status>;

/** POST of a kind that is answered instead of stored. */
export function virtualResource(
  answer: Answer,
  admission: AdmissionChain,
): (request: ResourceRequest) => Promise<Response> {
  return (request) => answered(request, request.resource.kind, { answer, admission });
}

export interface CreatingSubresourceOptions {
  readonly name: string;
  readonly responseKind: Subresource["responseKind"];
  readonly admission: AdmissionChain;
  /** Defaults of the object that is sent; `answer` judges it. */
  readonly strategy?: Pick<Strategy<KubeObject>, "defaults">;
}

/** A subresource that takes an object of another kind by POST and answers it. */
export function creatingSubresource(
  { name, responseKind, admission, strategy = {} }: CreatingSubresourceOptions,
  answer: Answer,
): Subresource {
  const { group, version, kind } = responseKind;
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const definition: KindDefinition = {
    group,
    version,
    kind,
    plural: name,
    scope: "Namespaced",
    schema: schemaOf(apiVersion, kind),
    columns: [],
    strategy,
  };
  return {
    name,
    responseKind,
    verbs: ["create"],
    handle: (_verb: Verb, request: ResourceRequest) =>
      answered(request, definition, { answer, admission }),
  };
}

async function answered(
  request: ResourceRequest,
  kind: KindDefinition,
  { answer, admission }: { readonly answer: Answer; readonly admission: AdmissionChain },
): Promise<Response> {
  const { query, info, resource } = request;
  const negotiated = negotiate(request.header("accept"), query);
  const dryRun = readDryRun(query, "CreateOptions");
  const validation = readFieldValidation(query, "CreateOptions");
  const object = await decodeBody(request, kind, validation);
  kind.strategy.defaults?.(object, timestamp(request.time));
  request.audit?.sent(object);
  const scope = writeScope(request, dryRun);
  if (kind.schema.fields.has("metadata")) {
    object.metadata ??= {};
    checkNamespace(resource.kind, object, info.namespace);
    trackFields(kind, { object, scope, now: timestamp(request.time) });
  }
  const attributes = {
    operation: "CREATE" as const,
    kind: resource.kind,
    subresource: info.subresource,
    namespace: scope.namespace,
    name: info.name || (object.metadata?.name ?? ""),
    object,
    ...requestAttributes(scope, "CREATE"),
  };
  await admission.admit(attributes);
  await admission.validate(attributes);
  const result = await answer(object, request, { dryRun });
  return respondWith({ ...negotiated, as: "" }, result, 201);
}
