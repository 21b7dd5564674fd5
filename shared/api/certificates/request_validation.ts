import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../meta/field_error.ts";
import { pemBlocksOfBytes } from "./pem.ts";
import { validateSignerName } from "./signer_name.ts";
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from "./v1/types.gen.ts";

const MIN_EXPIRATION_SECONDS = 600;
/** The signer of requests from before there were signers: stored ones may stay. */
const legacySigner = "kubernetes.io/legacy-unknown";

const usages = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];

/** What holds for every stored request; the request itself is only looked at as PEM. */
export function validateRequest(obj: CertificateSigningRequest): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { request, expirationSeconds, signerName } = obj.spec;
  if (pemBlocksOfBytes(request)[0]?.type !== "CERTIFICATE REQUEST") {
    errors.push(invalid("spec.request", request, "PEM block type must be CERTIFICATE REQUEST"));
  }
  const given = obj.spec.usages ?? [];
  if (given.length === 0) errors.push(required("spec.usages"));
  given.forEach((usage, index) => {
    const at = `spec.usages[${index}]`;
    if (!usages.includes(usage)) errors.push(notSupported(at, usage, usages));
    if (given.indexOf(usage) < index) errors.push(duplicate(at, usage));
  });
  if (signerName !== legacySigner) {
    errors.push(...validateSignerName(signerName, "spec.signerName"));
  }
  if (expirationSeconds !== undefined && expirationSeconds < MIN_EXPIRATION_SECONDS) {
    const detail =
      `may not specify a duration less than ${MIN_EXPIRATION_SECONDS} seconds (10 minutes)`;
    errors.push(invalid("spec.expirationSeconds", expirationSeconds, detail));
  }
  return errors;
}

/** New requests name a real signer. */
export function validateSigner({ spec }: CertificateSigningRequest): readonly FieldError[] {
  if (spec.signerName !== legacySigner) return [];
  const detail = "the legacy signerName is not allowed via this API version";
  return [invalid("spec.signerName", spec.signerName, detail)];
}

/** The `approval` endpoint: what is decided stays decided. */
export function validateApprovalUpdate(
  obj: CertificateSigningRequest,
  old: CertificateSigningRequest,
): readonly FieldError[] {
  return [...validateConditions(obj), ...validateRemovals(obj, old)];
}

/** The `status` endpoint: issues the certificate or reports a failure, but neither approves nor denies. */
export function validateStatusUpdate(
  obj: CertificateSigningRequest,
  old: CertificateSigningRequest,
): readonly FieldError[] {
  const errors = [...validateConditions(obj), ...validateCertificate(obj.status?.certificate)];
  errors.push(...validateRemovals(obj, old));
  for (const type of ["Approved", "Denied"]) {
    if (countOf(obj, type) > countOf(old, type)) {
      const detail = `updates may not add a condition of type "${type}"`;
      errors.push(forbidden("status.conditions", detail));
    }
  }
  const issued = old.status?.certificate;
  if (issued && issued !== obj.status?.certificate) {
    const detail = "updates may not modify existing certificate content";
    errors.push(forbidden("status.certificate", detail));
  }
  return errors;
}

function validateRemovals(
  obj: CertificateSigningRequest,
  old: CertificateSigningRequest,
): FieldError[] {
  return ["Approved", "Denied", "Failed"]
    .filter((type) => countOf(obj, type) < countOf(old, type))
    .map((type) =>
      forbidden("status.conditions", `updates may not remove a condition of type "${type}"`)
    );
}

function countOf({ status }: CertificateSigningRequest, type: string): number {
  return status?.conditions?.filter((condition) => condition.type === type).length ?? 0;
}

function validateConditions({ status }: CertificateSigningRequest): readonly FieldError[] {
  const errors: FieldError[] = [];
  const conditions = status?.conditions ?? [];
  const types = conditions.map(({ type }) => type);
  conditions.forEach((condition, index) => {
    const at = `status.conditions[${index}]`;
    if (!condition.type) errors.push(required(`${at}.type`));
    validateConditionStatus(condition, `${at}.status`, errors);
    if (types.indexOf(condition.type) < index) {
      errors.push(duplicate(`${at}.type`, condition.type));
    }
  });
  if (types.includes("Approved") && types.includes("Denied")) {
    const approved = 'conditions[{"type": "Approved"}]';
    const denied = 'conditions[{"type": "Denied"}]';
    const detail = `must specify at most one of: \`${approved}\`, \`${denied}\``;
    errors.push(invalid("status.conditions", `{${approved}, ${denied}}`, detail));
  }
  return errors;
}

/** A decision is there or not: only other conditions may be false or unknown. */
function validateConditionStatus(
  { type, status }: CertificateSigningRequestCondition,
  path: string,
  errors: FieldError[],
): void {
  const isDecision = ["Approved", "Denied", "Failed"].includes(type);
  const allowed = isDecision ? ["True"] : ["False", "True", "Unknown"];
  if (!status) errors.push(required(path));
  else if (!allowed.includes(status)) errors.push(notSupported(path, status, allowed));
}

function validateCertificate(certificate: string | undefined): readonly FieldError[] {
  if (!certificate) return [];
  const fail = (detail: string) => [invalid("status.certificate", "<certificate data>", detail)];
  const blocks = pemBlocksOfBytes(certificate);
  for (const { type, hasHeaders } of blocks) {
    if (hasHeaders) return fail("no PEM block headers are permitted");
    if (type !== "CERTIFICATE") {
      return fail(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`);
    }
  }
  return blocks.length > 0 ? [] : fail("must contain at least one CERTIFICATE PEM block");
}
