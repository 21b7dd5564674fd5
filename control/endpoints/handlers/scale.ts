import type { Scale } from "../../../shared/api/autoscaling/v1/types.gen.ts";
import type { KindDefinition, KubeObject, ScaleMapping, Verb } from "../../../shared/api/kind.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { notFoundError } from "../../registry/errors.ts";
import { applyFields, trackFields } from "../../registry/field_tracking.ts";
import type { ResourceStore } from "../../registry/resource_store.ts";
import { keyOf } from "../../registry/stored_object.ts";
import type { WriteScope } from "../../registry/store_types.ts";
import { decodeBody, readDryRun, readFieldValidation } from "../decode_body.ts";
import { negotiate } from "../negotiation.ts";
import { isTrue } from "../request_info.ts";
import { type ResourceRequest, type Subresource, writeScope } from "../resource_request.ts";
import { respondObject } from "../respond.ts";
import { checkPatchOptions, finishApply, finishPatch, readPatch } from "./patch.ts";
import { viewOf } from "./read.ts";
import { scaleKind, scaleOf, scaleWithOwners, setReplicas } from "./scale_object.ts";
import { checkName, checkNamespace } from "./write.ts";

const erased = scaleKind as unknown as KindDefinition;

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
        respondObject(negotiated, erased, { object, now: now() });
      if (verb === "get") {
        const entry = store.cache.get(keyOf(store.kind, info.namespace, info.name));
        if (!entry) throw notFoundError(kind, info.name);
        return respond(scaleOf(viewOf(kind, entry.value), mapping));
      }
      const options = verb === "update" ? "UpdateOptions" : "PatchOptions";
      const scope = writeScope(request, readDryRun(query, options));
      const view = { ...request, resource: { ...request.resource, kind: erased } };
      const change = verb === "update"
        ? await replacement(view, scope)
        : await patching(view, scope);
      const scaled = { kind, mapping };
      const judgedAs = {
        show: (object: KubeObject) => scaleWithOwners(object, scaled),
        take: (object: KubeObject, scale: KubeObject) =>
          void setReplicas(object, scale as Scale, scaled),
      };
      const written = await store.update(
        kind,
        info.name,
        (current) => setReplicas(current, change(scaleWithOwners(current, scaled)), scaled),
        scope,
        { fieldsTracked: true, judgedAs },
      );
      return respond(scaleOf(written.object, mapping));
    },
  };
}

type Change = (current: Scale) => Scale;

async function replacement(request: ResourceRequest, scope: WriteScope): Promise<Change> {
  const validation = readFieldValidation(request.query, "UpdateOptions");
  const scale = await decodeBody(request, erased, validation);
  checkName(scale, request.info.name);
  checkNamespace(erased, scale, request.info.namespace);
  request.audit?.sent(scale);
  return (current) => tracked(structuredClone(scale), current, { request, scope });
}

async function patching(request: ResourceRequest, scope: WriteScope): Promise<Change> {
  checkPatchOptions(request);
  const patch = await readPatch(request);
  return (current) => {
    if (patch.type !== "apply") {
      return tracked(finishPatch(request, current, patch), current, { request, scope });
    }
    const value = applyFields(erased, {
      live: current,
      applied: patch.value,
      force: isTrue(request.query.get("force")),
      scope,
      now: timestamp(request.time),
    });
    return finishApply(request, value) as Scale;
  };
}

function tracked(
  scale: KubeObject,
  old: Scale,
  { request, scope }: { readonly request: ResourceRequest; readonly scope: WriteScope },
): Scale {
  trackFields(erased, { object: scale, old, scope, now: timestamp(request.time) });
  return scale as Scale;
}
