import assert from "node:assert/strict";
import { builtinKinds } from "../../../shared/api/mod.ts";
import type { KindDefinition, KubeObject } from "../../../shared/api/kind.ts";
import { AdmissionHarness } from "../testing/admission_harness.ts";
import { decodeReview } from "./review_decoding.ts";
import { admissionReview, reviewVersion, verdictOf } from "./admission_review.ts";

const kindOf = (group: string, version: string, plural: string): KindDefinition =>
  builtinKinds.find((kind) =>
    kind.group === group && kind.version === version && kind.plural === plural
  )!;
const deployments = kindOf("apps", "v1", "deployments");
const scale = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "web" } };
const harness = new AdmissionHarness();

Deno.test("admissionReview() tells the resource that was asked for from the kind of its subresource", () => {
  const attributes = harness.attributes("apps/deployments/scale", scale, {
    operation: "UPDATE",
    kind: deployments,
    user: { name: "ann", uid: "7", groups: ["g"], extra: { k: ["v"] } },
    options: {
      dryRun: true,
      sent: { kind: "UpdateOptions", apiVersion: "meta.k8s.io/v1", dryRun: ["All"] },
    },
  });
  const request = { attributes, kind: deployments, object: scale, oldObject: undefined };
  const resource = { group: "apps", version: "v1", resource: "deployments" };
  const kind = { group: "autoscaling", version: "v1", kind: "Scale" };
  assert.deepEqual(admissionReview(request, { uid: "u", version: "v1" }), {
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid: "u",
      kind,
      resource,
      subResource: "scale",
      requestKind: kind,
      requestResource: resource,
      requestSubResource: "scale",
      name: "web",
      namespace: "n",
      operation: "UPDATE",
      userInfo: { username: "ann", uid: "7", groups: ["g"], extra: { k: ["v"] } },
      object: scale,
      oldObject: null,
      dryRun: true,
      options: { kind: "UpdateOptions", apiVersion: "meta.k8s.io/v1", dryRun: ["All"] },
    },
  });
});

Deno.test("admissionReview() shows an event under the name that a rule has for it", () => {
  const old = kindOf("", "v1", "events");
  const attributes = harness.attributes("events.k8s.io/events", { metadata: { name: "e" } }, {
    kind: kindOf("events.k8s.io", "v1", "events"),
  });
  const object = { apiVersion: "v1", kind: "Event", metadata: { name: "e" } };
  const { request } = admissionReview({ attributes, kind: old, object, oldObject: undefined }, {
    uid: "u",
    version: "v1",
  });
  assert.deepEqual(request.kind, { group: "", version: "v1", kind: "Event" });
  assert.deepEqual(request.requestKind, { group: "events.k8s.io", version: "v1", kind: "Event" });
  assert.equal(request.resource.group, "");
  assert.equal(request.requestResource.group, "events.k8s.io");
});

Deno.test("admissionReview() counts a namespace as within itself", () => {
  const attributes = harness.attributes("/namespaces", { metadata: { name: "blue" } }, {
    kind: kindOf("", "v1", "namespaces"),
    namespace: "",
  });
  const object = attributes.object as KubeObject;
  const { request } = admissionReview({
    attributes,
    kind: attributes.kind,
    object,
    oldObject: undefined,
  }, { uid: "u", version: "v1" });
  assert.equal(request.namespace, "blue");
});

Deno.test("reviewVersion() takes the first version that we have", () => {
  assert.equal(reviewVersion(["v2", "v1beta1", "v1"]), "v1beta1");
  assert.equal(reviewVersion(["v2"]), undefined);
});

const v1 = { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1" };
const patch = btoa("[]");
const refused: readonly (readonly [string, unknown, boolean, string])[] = [
  ["nothing", {}, true, "webhook response was absent"],
  ["no response", v1, true, "webhook response was absent"],
  ["another uid", { ...v1, response: { uid: "x" } }, true, 'expected response.uid="u", got "x"'],
  [
    "no kind",
    { response: { uid: "u" } },
    true,
    "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=",
  ],
  [
    "a patch without a type",
    { ...v1, response: { uid: "u", patch } },
    true,
    "webhook returned response.patch but not response.patchType",
  ],
  [
    "a type without a patch",
    { ...v1, response: { uid: "u", patchType: "JSONPatch" } },
    true,
    "webhook returned response.patchType but not response.patch",
  ],
  [
    "an empty type",
    { ...v1, response: { uid: "u", patch, patchType: "" } },
    true,
    'webhook returned invalid response.patchType of ""',
  ],
  [
    "a patch of a validating webhook",
    { ...v1, response: { uid: "u", patch, patchType: "JSONPatch" } },
    false,
    "validating webhook may not return response.patch",
  ],
  [
    "a patch type of a validating webhook",
    { ...v1, response: { uid: "u", patchType: "JSONPatch" } },
    false,
    "validating webhook may not return response.patchType",
  ],
];

for (const [title, answer, mutating, want] of refused) {
  Deno.test(`verdictOf() refuses ${title}`, () => {
    const asked = { uid: "u", version: "v1", mutating };
    assert.throws(() => verdictOf(decodeReview(answer, "v1"), asked), { message: want });
  });
}

Deno.test("verdictOf() asks less of v1beta1, whose patches are JSON patches", () => {
  const answer = {
    response: { allowed: true, patch, warnings: ["w"], auditAnnotations: { a: "b" } },
  };
  assert.deepEqual(
    verdictOf(decodeReview(answer, "v1beta1"), { uid: "u", version: "v1beta1", mutating: true }),
    {
      allowed: true,
      result: undefined,
      patch: "[]",
      patchType: "JSONPatch",
      warnings: ["w"],
      auditAnnotations: { a: "b" },
    },
  );
});

const undecodable: readonly (readonly [unknown, string])[] = [
  [
    { kind: "Pod", apiVersion: "v1" },
    'no kind "Pod" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
  ],
  [
    { ...v1, apiVersion: "admission.k8s.io/v1beta1" },
    "converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion",
  ],
  [
    { ...v1, response: { allowed: "yes" } },
    "json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool",
  ],
  [
    { ...v1, response: { uid: 5 } },
    "json: cannot unmarshal number into Go struct field AdmissionResponse.response.uid of type string",
  ],
  [{ ...v1, response: { patch: "ab%=" } }, "illegal base64 data at input byte 2"],
];

for (const [answer, want] of undecodable) {
  Deno.test(`decodeReview() says ${want}`, () => {
    assert.throws(() => decodeReview(answer, "v1"), { message: want });
  });
}
