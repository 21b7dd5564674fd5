import assert from "node:assert/strict";
import type { WriteContext } from "../../kind.ts";
import { approvalStrategy, certificateSigningRequest } from "./certificate_signing_request.ts";
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from "./types.gen.ts";

const context: WriteContext = { now: "2026-01-02T00:00:00Z", subresource: "" };
const approved: CertificateSigningRequestCondition = {
  type: "Approved",
  status: "True",
  reason: "R",
  lastUpdateTime: "2026-01-01T00:00:00Z",
  lastTransitionTime: "2026-01-01T00:00:00Z",
};

function csr(
  conditions: CertificateSigningRequestCondition[] = [],
  certificate?: string,
): CertificateSigningRequest {
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: "n" },
    spec: { request: "eA==", signerName: "example.com/s", usages: ["client auth"] },
    status: { conditions, ...(certificate !== undefined && { certificate }) },
  };
}

function messages(
  strategy: Required<NonNullable<typeof certificateSigningRequest.strategy.status>>,
  next: CertificateSigningRequest,
  old: CertificateSigningRequest,
): readonly string[] {
  strategy.prepareForUpdate(next, old, context);
  return strategy.validateUpdate(next, old).map((error) => `${error.path}: ${error.message}`);
}
const approval = approvalStrategy as Required<typeof approvalStrategy>;
const status = certificateSigningRequest.strategy.status as typeof approval;

Deno.test("prepareForCreate() records who asks, whatever the request says", () => {
  const request = csr([approved]);
  request.spec.username = "somebody-else";
  request.spec.groups = ["system:masters"];
  const user = { username: "alice", groups: ["system:authenticated"], extra: { k: ["v"] } };
  certificateSigningRequest.strategy.prepareForCreate!(request, { ...context, user });
  assert.equal(request.spec.username, "alice");
  assert.deepEqual(request.spec.groups, ["system:authenticated"]);
  assert.deepEqual(request.spec.extra, { k: ["v"] });
  assert.deepEqual(request.status, {});
});

Deno.test("approval sets conditions with times, and nothing else", () => {
  const next = csr([{ type: "Approved", status: "True" }], "Zm9v");
  next.spec.signerName = "example.com/other";
  assert.deepEqual(messages(approval, next, csr()), []);
  assert.equal(next.spec.signerName, "example.com/s");
  assert.deepEqual(next.status, {
    conditions: [{
      type: "Approved",
      status: "True",
      lastUpdateTime: context.now,
      lastTransitionTime: context.now,
    }],
  });
});

Deno.test("approval keeps the transition time of a condition that stays", () => {
  const next = csr([{ type: "Approved", status: "True", lastUpdateTime: context.now }]);
  messages(approval, next, csr([approved]));
  assert.equal(next.status!.conditions![0]!.lastTransitionTime, approved.lastTransitionTime);
});

Deno.test("approval cannot be withdrawn, doubted or contradicted", () => {
  const old = csr([approved]);
  assert.deepEqual(messages(approval, csr(), old), [
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  ]);
  assert.deepEqual(messages(approval, csr([{ ...approved, status: "False" }]), old), [
    'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
  ]);
  assert.deepEqual(messages(approval, csr([approved, { ...approved, type: "Denied" }]), old), [
    'status.conditions: Invalid value: "{conditions[{\\"type\\": \\"Approved\\"}], conditions[{\\"type\\": \\"Denied\\"}]}": must specify at most one of: `conditions[{"type": "Approved"}]`, `conditions[{"type": "Denied"}]`',
  ]);
});

Deno.test("status takes a certificate, but neither approves nor changes what was issued", () => {
  const pem = btoa("-----BEGIN CERTIFICATE-----\neA==\n-----END CERTIFICATE-----\n");
  assert.deepEqual(messages(status, csr([approved], pem), csr([approved])), []);
  assert.deepEqual(messages(status, csr([approved], btoa("not a cert")), csr([approved])), [
    'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
  ]);
  assert.deepEqual(messages(status, csr([approved]), csr()), [
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
  ]);
  const other = btoa("-----BEGIN CERTIFICATE-----\neQ==\n-----END CERTIFICATE-----\n");
  assert.deepEqual(messages(status, csr([approved], other), csr([approved], pem)), [
    "status.certificate: Forbidden: updates may not modify existing certificate content",
  ]);
});
