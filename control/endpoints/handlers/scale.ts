import type { Scale } from "../../../shared/api/autoscaling/v1/types.gen.ts";
import {
  apiVersionOf,
  defineKind,
  type KindDefinition,
  type KubeObject,
  type ScaleMapping,
  type Verb,
} from "../../../shared/api/kind.ts";
import type { LabelSelector } from "../../../shared/meta/types.gen.ts";
import { invalid } from "../../../shared/meta/field_error.ts";
import { fromLabelSelector } from "../../../shared/meta/labels.ts";
import { schemaOf } from "../../../shared/schema/schema.ts";
import {
  conflictError,
  invalidError,
  modifiedMessage,
  notFoundError,
} from "../../registry/errors.ts";
import type { ResourceStore } from "../../registry/resource_store.ts";
import { keyOf } from "../../registry/stored_object.ts";
import { decodeBody, readDryRun, readFieldValidation } from "../decode_body.ts";
import { negotiate } from "../negotiation.ts";
import { type ResourceRequest, type Subresource, writeScope } from "../resource_request.ts";
import { respondObject } from "../respond.ts";
import { type ApplyPatch, readPatch } from "./patch.ts";
import { viewOf } from "./read.ts";
import { checkName, checkNamespace } from "./write.ts";

/** The kind that `…/scale` speaks; never stored. */
export const scaleKind = defineKind<Scale>({
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  plural: "scales",
  scope: "Namespaced",
  schema: schemaOf("autoscaling/v1", "Scale"),
  columns: [
    { name: "Name", type: "string", format: "name", cell: (scale) => scale.metadata.name },
    { name: "Desired", type: "integer", cell: (scale) => scale.spec?.replicas ?? 0 },
    { name: "Available", type: "integer", cell: (scale) => scale.status?.replicas ?? 0 },
    { name: "Age", type: "string", cell: () => "<unknown>" },
  ],
  strategy: {},
});

type Values = Record<string, unknown>;

/** The scale subresource of a kind: replicas without the rest (API conventions, "Scale subresource"). */
export function scaleSubresource(
  kind: KindDefinition,
  mapping: ScaleMapping,
  { store, now }: { readonly store: ResourceStore; readonly now: () => number },
): Subresource {
  return {
    name: "scale",
    responseKind: { group: "autoscaling", version: "v1", kind: "Scale" },
    verbs: ["get", "patch", "update"],
    async handle(verb: Verb, request: ResourceRequest): Promise<Response> {
      const { info, query } = request;
      const negotiated = negotiate(request.header("accept"), query);
      const respond = (object: KubeObject) =>
        respondObject(negotiated, scaleKind as unknown as KindDefinition, { object, now: now() });
      if (verb === "get") {
        const entry = store.cache.get(keyOf(store.kind, info.namespace, info.name));
        if (!entry) throw notFoundError(kind, info.name);
        return respond(scaleOf(viewOf(kind, entry.value), mapping));
      }
      const change = verb === "update"
        ? await replacement(request)
        : await patching(request, mapping);
      const scope = writeScope(
        request,
        readDryRun(query, verb === "update" ? "UpdateOptions" : "PatchOptions"),
      );
      const written = await store.update(
        kind,
        info.name,
        (current) => setReplicas(current, change(scaleOf(current, mapping)), { kind, mapping }),
        scope,
      );
      return respond(scaleOf(written.object, mapping));
    },
  };
}

type Change = (current: Scale) => Scale;

async function replacement(request: ResourceRequest): Promise<Change> {
  const view = { ...request, resource: { ...request.resource, kind: erased } };
  const scale = await decodeBody(view, erased, readFieldValidation(request.query, "UpdateOptions"));
  checkName(scale, request.info.name);
  checkNamespace(erased, scale, request.info.namespace);
  return () => scale as Scale;
}

async function patching(request: ResourceRequest, mapping: ScaleMapping): Promise<Change> {
  const view = { ...request, resource: { ...request.resource, kind: erased } };
  const patch = await readPatch(view);
  return (current) => {
    if (patch.type === "apply") return applied(patch, current, mapping);
    return patch.apply(current) as Scale;
  };
}

function applied(patch: ApplyPatch, current: Scale, _mapping: ScaleMapping): Scale {
  const asked = patch.value as { spec?: Scale["spec"] };
  return { ...current, ...(asked.spec && { spec: asked.spec }) };
}

const erased = scaleKind as unknown as KindDefinition;

function setReplicas(
  object: KubeObject,
  scale: Scale,
  { kind, mapping }: { readonly kind: KindDefinition; readonly mapping: ScaleMapping },
): KubeObject {
  const { metadata } = scale;
  const name = object.metadata.name!;
  if (metadata.uid && metadata.uid !== object.metadata.uid) {
    throw conflictError(
      kind,
      name,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${object.metadata.uid}`,
    );
  }
  const version = metadata.resourceVersion;
  if (version && version !== object.metadata.resourceVersion) {
    throw conflictError(kind, name, modifiedMessage);
  }
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0) {
    throw invalidError(scaleKind, name, [
      invalid("spec.replicas", replicas, "must be greater than or equal to 0"),
    ]);
  }
  setPath(object as unknown as Values, mapping.specReplicas.split("."), replicas);
  return object;
}

function scaleOf(object: KubeObject, mapping: ScaleMapping): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = getPath(object, mapping.specReplicas) as number | undefined;
  const selector = selectorText(getPath(object, mapping.selector));
  return {
    kind: "Scale",
    apiVersion: apiVersionOf(scaleKind),
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: {
      replicas: (getPath(object, mapping.statusReplicas) as number | undefined) ?? 0,
      ...(selector && { selector }),
    },
  };
}

/** A map of labels, a LabelSelector or a ready text, as a query string. */
function selectorText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  const isSelector = "matchLabels" in value || "matchExpressions" in value;
  const selector = isSelector
    ? value as LabelSelector
    : { matchLabels: value as Record<string, string> };
  return fromLabelSelector(selector).toString();
}

function getPath(object: unknown, path: string): unknown {
  let value = object;
  for (const part of path.split(".")) value = (value as Values | undefined)?.[part];
  return value;
}

function setPath(object: Values, [first, ...rest]: readonly string[], value: unknown): void {
  if (first === undefined) return;
  if (rest.length === 0) object[first] = value;
  else setPath((object[first] ??= {}) as Values, rest, value);
}
