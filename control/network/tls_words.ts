import type { PeerCertificate } from "node:tls";
import { isIP } from "node:net";

/**
 * Whether a certificate is for `host`, in Go's words if it is not. As for Go, the subject's common name does not count
 * (RFC 6125, section 6.4.4, and the release notes of Go 1.17).
 */
export function serverIdentityError(
  host: string,
  { subjectaltname }: Pick<PeerCertificate, "subjectaltname">,
): Error | undefined {
  const names = alternativeNames(subjectaltname ?? "");
  const isAddress = isIP(host) !== 0;
  const ofKind = names.filter(({ kind }) => kind === (isAddress ? "IP Address" : "DNS"));
  if (ofKind.some(({ name }) => isAddress ? sameAddress(name, host) : matches(name, host))) {
    return undefined;
  }
  return new Error(`${verifyFailed}: x509: ${refusal(host, ofKind, names.length > 0)}`);
}

const verifyFailed = "tls: failed to verify certificate";

/** The failure of a TLS handshake in Go's words. */
export function handshakeMessage(error: Error & { readonly code?: string }): string {
  switch (error.code) {
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
      return `${verifyFailed}: x509: certificate signed by unknown authority`;
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return `${verifyFailed}: x509: certificate has expired or is not yet valid`;
    case "ECONNRESET":
      return "EOF";
    default:
      return error.message;
  }
}

interface AlternativeName {
  readonly kind: string;
  readonly name: string;
}

/** `DNS:a, IP Address:1.2.3.4`, as the platform prints them. */
function alternativeNames(text: string): readonly AlternativeName[] {
  return text.split(", ").filter((part) => part.includes(":")).map((part) => {
    const colon = part.indexOf(":");
    return { kind: part.slice(0, colon), name: part.slice(colon + 1) };
  });
}

/** A wildcard stands for one whole label, the first (RFC 6125, section 6.4.3). */
function matches(pattern: string, host: string): boolean {
  const [wanted, given] = [pattern, host].map((name) => name.toLowerCase().replace(/\.$/, ""));
  if (wanted === given) return true;
  if (!wanted!.startsWith("*.")) return false;
  const dot = given!.indexOf(".");
  return dot > 0 && wanted!.slice(1) === given!.slice(dot);
}

function sameAddress(a: string, b: string): boolean {
  const plain = (text: string) => isIP(text) === 6 ? new URL(`http://[${text}]`).host : text;
  return plain(a) === plain(b);
}

function refusal(host: string, names: readonly AlternativeName[], hasNames: boolean): string {
  if (names.length > 0) {
    return `certificate is valid for ${names.map(({ name }) => name).join(", ")}, not ${host}`;
  }
  if (isIP(host) !== 0) {
    return `cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
  }
  return hasNames
    ? `certificate is not valid for any names, but wanted to match ${host}`
    : "certificate relies on legacy Common Name field, use SANs instead";
}
