import { Buffer } from "node:buffer";
import type { CertificateSigningRequest } from "../../shared/api/certificates/v1/types.gen.ts";
import { type Clock, timestamp } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import type { Authorizer, UserInfo } from "../server/request_context.ts";
import type { Authority } from "./authority.ts";
import {
  type CertificateRequest,
  parseCertificateRequest,
  signCertificateRequest,
} from "./certificate_request.ts";

const clientSigner = "kubernetes.io/kube-apiserver-client";
const kubeletSigner = "kubernetes.io/kube-apiserver-client-kubelet";
const kubeletUsages = new Set(["key encipherment", "digital signature", "client auth"]);
const yearMs = 365 * 24 * 3600_000;
const minLifetimeMs = 600_000;

export interface SignerDeps {
  readonly authority: () => Authority;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly log: Log;
}

/** One step of a request: its next state, and the endpoint through which it gets there. */
export interface SigningStep {
  readonly subresource: "approval" | "status";
  readonly request: CertificateSigningRequest;
}

/**
 * What is to become of a CertificateSigningRequest: its next step, or undefined if there is nothing to do (yet).
 * Nodes' own requests are approved if RBAC lets the asker have them; approved requests of the client signers are signed.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers.
 */
export async function advanceRequest(
  request: CertificateSigningRequest,
  deps: SignerDeps,
): Promise<SigningStep | undefined> {
  const { signerName } = request.spec;
  if (signerName !== clientSigner && signerName !== kubeletSigner) return undefined;
  if (request.status?.certificate || has(request, "Denied") || has(request, "Failed")) {
    return undefined;
  }
  const next = structuredClone(request);
  const now = timestamp(deps.clock.now());
  let wanted: CertificateRequest;
  try {
    wanted = await parseCertificateRequest(pemOf(request));
  } catch (error) {
    return failed(next, (error as Error).message, now);
  }
  if (!has(request, "Approved")) {
    if (signerName !== kubeletSigner || !isNodeClient(request, wanted)) return undefined;
    if (!await mayHave(request, wanted, deps.authorizer)) return undefined;
    addCondition(next, { type: "Approved", reason: "AutoApproved", now });
    return { subresource: "approval", request: next };
  }
  if (signerName === kubeletSigner && !isNodeClient(request, wanted)) {
    return failed(next, "the request is not that of a node's client certificate", now);
  }
  const asked = (request.spec.expirationSeconds ?? Infinity) * 1000;
  const certificate = await signCertificateRequest(deps.authority(), wanted, {
    usages: ["client auth"],
    lifetimeMs: Math.max(minLifetimeMs, Math.min(asked, yearMs)),
    now: deps.clock.now(),
  });
  next.status = { ...next.status, certificate: Buffer.from(certificate).toString("base64") };
  deps.log.info("Certificate signed", {
    request: request.metadata.name,
    subject: wanted.commonName,
  });
  return { subresource: "status", request: next };
}

function pemOf({ spec }: CertificateSigningRequest): string {
  return Buffer.from(spec.request, "base64").toString();
}

function has({ status }: CertificateSigningRequest, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type) ?? false;
}

function failed(next: CertificateSigningRequest, message: string, now: string): SigningStep {
  addCondition(next, { type: "Failed", reason: "SignerValidationFailure", message, now });
  return { subresource: "status", request: next };
}

function addCondition(
  next: CertificateSigningRequest,
  { type, reason, message, now }: {
    readonly type: string;
    readonly reason: string;
    readonly message?: string;
    readonly now: string;
  },
): void {
  const condition = {
    type,
    status: "True",
    reason,
    message: message ?? "Auto approving kubelet client certificate after SubjectAccessReview.",
    lastUpdateTime: now,
    lastTransitionTime: now,
  };
  next.status = { ...next.status, conditions: [...next.status?.conditions ?? [], condition] };
}

/** The form that the kubelet's client signer demands: nothing but a node's name, for client use. */
function isNodeClient(
  { spec }: CertificateSigningRequest,
  wanted: CertificateRequest,
): boolean {
  const { organizations, commonName, dnsNames, addresses, emails, uris } = wanted;
  return organizations.length === 1 && organizations[0] === "system:nodes" &&
    commonName.startsWith("system:node:") && commonName.length > "system:node:".length &&
    dnsNames.length + addresses.length + emails.length + uris.length === 0 &&
    (spec.usages ?? []).includes("client auth") &&
    (spec.usages ?? []).every((usage) => kubeletUsages.has(usage));
}

/** Renewing one's own certificate and joining as a new node are different rights. */
async function mayHave(
  { spec }: CertificateSigningRequest,
  wanted: CertificateRequest,
  authorizer: Authorizer,
): Promise<boolean> {
  const own = spec.username === wanted.commonName;
  const user: UserInfo = {
    name: spec.username ?? "",
    uid: spec.uid,
    groups: spec.groups ?? [],
    extra: spec.extra ?? {},
  };
  const { decision } = await authorizer.authorize(user, {
    isResource: true,
    verb: "create",
    path: "",
    group: "certificates.k8s.io",
    version: "v1",
    resource: "certificatesigningrequests",
    subresource: own ? "selfnodeclient" : "nodeclient",
    rest: "",
    namespace: "",
    name: "",
  });
  return decision === "Allow";
}
