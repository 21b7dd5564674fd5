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
import { kubeletClientSigner, signerRules } from "./signer_rules.ts";

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
 * Nodes' own requests are approved if RBAC lets the asker have them; approved requests of the standard signers are signed.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers.
 */
export async function advanceRequest(
  request: CertificateSigningRequest,
  deps: SignerDeps,
): Promise<SigningStep | undefined> {
  const { signerName, usages } = request.spec;
  const rule = signerRules[signerName];
  if (!rule) return undefined;
  if (request.status?.certificate || has(request, "Denied") || has(request, "Failed")) {
    return undefined;
  }
  const approved = has(request, "Approved");
  if (!approved && signerName !== kubeletClientSigner) return undefined;
  const next = structuredClone(request);
  const now = timestamp(deps.clock.now());
  let wanted: CertificateRequest;
  try {
    wanted = await parseCertificateRequest(pemOf(request));
  } catch (error) {
    return failed(next, (error as Error).message, now);
  }
  const fault = rule(wanted, usages ?? []);
  if (!approved) {
    if (fault !== undefined) return undefined;
    const message = await permission(request, wanted, deps.authorizer);
    if (message === undefined) return undefined;
    addCondition(next, { type: "Approved", reason: "AutoApproved", message, now });
    return { subresource: "approval", request: next };
  }
  if (fault !== undefined) return failed(next, fault, now);
  const certificate = await signCertificateRequest(deps.authority(), wanted, {
    usages: usages ?? [],
    lifetimeMs: lifetimeOf(request),
    now: deps.clock.now(),
  });
  next.status = { ...next.status, certificate: Buffer.from(certificate).toString("base64") };
  deps.log.info("Certificate signed", {
    request: request.metadata.name,
    signer: signerName,
    subject: wanted.commonName,
  });
  return { subresource: "status", request: next };
}

/** What is asked for, between ten minutes and a year. */
function lifetimeOf({ spec }: CertificateSigningRequest): number {
  const asked = (spec.expirationSeconds ?? Infinity) * 1000;
  return Math.max(minLifetimeMs, Math.min(asked, yearMs));
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
    readonly message: string;
    readonly now: string;
  },
): void {
  const condition = {
    type,
    status: "True",
    reason,
    message,
    lastUpdateTime: now,
    lastTransitionTime: now,
  };
  next.status = { ...next.status, conditions: [...next.status?.conditions ?? [], condition] };
}

/**
 * Why a node's request is approved: its asker has the right to it; undefined if not. Renewing one's own certificate and
 * joining as a new node are different rights, and who may do the latter may do it under its own name as well.
 */
async function permission(
  { spec }: CertificateSigningRequest,
  wanted: CertificateRequest,
  authorizer: Authorizer,
): Promise<string | undefined> {
  const user: UserInfo = {
    name: spec.username ?? "",
    uid: spec.uid,
    groups: spec.groups ?? [],
    extra: spec.extra ?? {},
  };
  const may = async (subresource: string) => {
    const { decision } = await authorizer.authorize(user, {
      isResource: true,
      verb: "create",
      path: "",
      group: "certificates.k8s.io",
      version: "*",
      resource: "certificatesigningrequests",
      subresource,
      rest: "",
      namespace: "",
      name: "",
    });
    return decision === "Allow";
  };
  if (spec.username === wanted.commonName && await may("selfnodeclient")) {
    return "Auto approving self kubelet client certificate after SubjectAccessReview.";
  }
  return await may("nodeclient")
    ? "Auto approving kubelet client certificate after SubjectAccessReview."
    : undefined;
}
