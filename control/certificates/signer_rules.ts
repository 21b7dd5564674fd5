import type { CertificateRequest } from "./certificate_request.ts";

/** Why a signer does not sign a request; undefined if it does. */
export type SignerRule = (
  wanted: CertificateRequest,
  usages: readonly string[],
) => string | undefined;

/**
 * The standard signers, and what each demands of a request. Source:
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers.
 */
export const signerRules: Readonly<Record<string, SignerRule>> = {
  "kubernetes.io/kube-apiserver-client": (_wanted, usages) => clientFault(usages),
  "kubernetes.io/kube-apiserver-client-kubelet": kubeletClientFault,
  "kubernetes.io/kubelet-serving": kubeletServingFault,
  // No certificate of its is trusted anywhere, so it asks nothing.
  "kubernetes.io/legacy-unknown": () => undefined,
};

export const kubeletClientSigner = "kubernetes.io/kube-apiserver-client-kubelet";

function clientFault(usages: readonly string[]): string | undefined {
  const optional = ["digital signature", "key encipherment", "client auth"];
  const wrong = usages.find((usage) => !optional.includes(usage));
  if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`;
  return usages.includes("client auth")
    ? undefined
    : "missing required usage for client certificate: client auth";
}

function kubeletClientFault(
  wanted: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  return organizationFault(wanted) ??
    nameFault(wanted.dnsNames, "DNS") ?? nameFault(wanted.emails, "Email") ??
    nameFault(wanted.addresses, "IP") ?? nameFault(wanted.uris, "URI") ??
    nodeNameFault(wanted) ?? usagesFault(usages, "client auth");
}

function kubeletServingFault(
  wanted: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  const { dnsNames, addresses, emails, uris } = wanted;
  return organizationFault(wanted) ??
    (dnsNames.length + addresses.length === 0
      ? "DNS or IP subjectAltName is required"
      : undefined) ??
    nameFault(emails, "Email") ?? nameFault(uris, "URI") ??
    usagesFault(usages, "server auth") ?? nodeNameFault(wanted);
}

function organizationFault({ organizations }: CertificateRequest): string | undefined {
  return organizations.length === 1 && organizations[0] === "system:nodes"
    ? undefined
    : "subject organization is not system:nodes";
}

function nodeNameFault({ commonName }: CertificateRequest): string | undefined {
  return commonName.startsWith("system:node:")
    ? undefined
    : "subject common name does not begin with system:node:";
}

function nameFault(names: readonly string[], kind: string): string | undefined {
  return names.length === 0 ? undefined : `${kind} subjectAltNames are not allowed`;
}

/** Digital signature and one purpose; key encipherment is for RSA alone. */
function usagesFault(usages: readonly string[], purpose: string): string | undefined {
  const all = ["digital signature", "key encipherment", purpose];
  const given = new Set(usages);
  const fits = [...given].every((usage) => all.includes(usage)) &&
    given.has("digital signature") && given.has(purpose);
  return fits ? undefined : `usages did not match [${all.toSorted().join(" ")}]`;
}
