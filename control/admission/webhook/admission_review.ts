import type { KindDefinition, KubeObject } from "../../../shared/api/kind.ts";
import type { Status } from "../../../shared/meta/types.gen.ts";
import { describeUser } from "../../authorization/reviews.ts";
import { splitApiVersion } from "../../endpoints/decode_body.ts";
import type { Attributes } from "../plugin.ts";
import type { Review, ReviewResponse } from "./review_decoding.ts";

/** A request as one webhook is shown it: in the version that its rules name. */
export interface VersionedRequest {
  readonly attributes: Attributes;
  /** The kind by which a rule covers the request. */
  readonly kind: KindDefinition;
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
}

const group = "admission.k8s.io";
const knownVersions = ["v1", "v1beta1"];

/** The newest version of AdmissionReview that a webhook takes, in its order; undefined if we have none of them. */
export function reviewVersion(versions: readonly string[]): string | undefined {
  return versions.find((version) => knownVersions.includes(version));
}

/** The question: an AdmissionReview of `version`. Source: k8s.io/api/admission. */
export function admissionReview(
  { attributes, kind, object, oldObject }: VersionedRequest,
  { uid, version }: { readonly uid: string; readonly version: string },
) {
  const { operation, subresource, name, options, user } = attributes;
  const namespace = namespaceOf(attributes);
  const sent = attributes.object ?? attributes.oldObject;
  const asked = gvkOf(sent, attributes.kind);
  const shown = gvkOf(object ?? oldObject, kind);
  return {
    kind: "AdmissionReview",
    apiVersion: `${group}/${version}`,
    request: {
      uid,
      kind: shown,
      resource: gvrOf(kind),
      ...(subresource && { subResource: subresource }),
      requestKind: asked,
      requestResource: gvrOf(attributes.kind),
      ...(subresource && { requestSubResource: subresource }),
      ...(name && { name }),
      ...(namespace && { namespace }),
      operation,
      userInfo: describeUser(user),
      object: object ?? null,
      oldObject: oldObject ?? null,
      dryRun: options.dryRun,
      options: options.sent ?? null,
    },
  };
}

/** A request for a namespace counts as one within it. */
function namespaceOf({ kind, namespace, name }: Attributes): string {
  return kind.group === "" && kind.plural === "namespaces" ? name : namespace;
}

/** Objects say what they are; those of subresources (Scale, Eviction) are not of the resource's kind. */
function gvkOf(object: KubeObject | undefined, kind: KindDefinition) {
  if (!object?.kind) return { group: kind.group, version: kind.version, kind: kind.kind };
  const [ofGroup, version] = splitApiVersion(object.apiVersion);
  return { group: ofGroup, version, kind: object.kind };
}

function gvrOf({ group: ofGroup, version, plural }: KindDefinition) {
  return { group: ofGroup, version, resource: plural };
}

/** What a webhook decided. */
export interface Verdict {
  readonly allowed: boolean;
  /** Why not, or whatever else it has to say. */
  readonly result: Partial<Status> | undefined;
  /** JSON text of a patch; "" for none. */
  readonly patch: string;
  readonly patchType: string;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** Judges the answer to `admissionReview`. Throws Error with the reference's words for what is wrong with it. */
export function verdictOf(
  review: Review,
  { uid, version, mutating }: {
    readonly uid: string;
    readonly version: string;
    readonly mutating: boolean;
  },
): Verdict {
  const { response } = review;
  if (!response) throw new Error("webhook response was absent");
  if (version === "v1") checkAnswer(review, response, { uid, mutating });
  const { allowed, status, patch, patchType = "", warnings, auditAnnotations } = response;
  return {
    allowed,
    result: status,
    patch: mutating ? patch : "",
    patchType: version === "v1" ? patchType : patch && "JSONPatch",
    warnings,
    auditAnnotations,
  };
}

function checkAnswer(
  { kind, apiVersion }: Review,
  { uid: answered, patch, patchType }: ReviewResponse,
  { uid, mutating }: { readonly uid: string; readonly mutating: boolean },
): void {
  if (answered !== uid) {
    throw new Error(
      `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(answered)}`,
    );
  }
  const [ofGroup, version] = splitApiVersion(apiVersion);
  const given = `${ofGroup}/${version}, Kind=${kind}`;
  const wanted = `${group}/v1, Kind=AdmissionReview`;
  if (given !== wanted) throw new Error(`expected webhook response of ${wanted}, got ${given}`);
  if (!mutating) {
    if (patch) throw new Error("validating webhook may not return response.patch");
    if (patchType !== undefined) {
      throw new Error("validating webhook may not return response.patchType");
    }
    return;
  }
  if (patch && patchType === undefined) {
    throw new Error("webhook returned response.patch but not response.patchType");
  }
  if (!patch && patchType !== undefined) {
    throw new Error("webhook returned response.patchType but not response.patch");
  }
  if (patchType === "") throw new Error('webhook returned invalid response.patchType of ""');
}
