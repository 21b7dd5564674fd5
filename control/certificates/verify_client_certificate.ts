import "reflect-metadata";
import { createHash } from "node:crypto";
import * as x509 from "@peculiar/x509";

const ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";

/** Whose certificate it is. */
export interface CertificateIdentity {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Lower-case hex SHA-256 of the DER, without colons. */
  readonly fingerprint: string;
  /** Wall-clock milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * The subject of a certificate, without judging whether to believe it. Throws if `der` is no certificate.
 * The name is read from its ASN.1 form: a textual form (as `node:crypto` gives it) would let a line break inside
 * one value pass for another field.
 */
export function identityOf(der: Uint8Array): CertificateIdentity {
  return identify(new x509.X509Certificate(bytesOf(der)), der);
}

/** Lower-case hex SHA-256 of a certificate's DER. */
export function fingerprintOf(der: Uint8Array): string {
  return createHash("sha256").update(der).digest("hex");
}

/**
 * Whether `der` is a client certificate that one of `authorities` (PEM) signed itself and that is valid at `now`;
 * returns whose it is, undefined otherwise. For transports whose TLS layer has not verified it.
 */
export async function verifyClientCertificate(
  der: Uint8Array,
  authorities: readonly string[],
  now: number,
): Promise<CertificateIdentity | undefined> {
  const certificate = parse(der);
  if (!certificate || !mayBeClient(certificate)) return undefined;
  const identity = identify(certificate, der);
  if (now < identity.notBefore || now > identity.notAfter) return undefined;
  const date = new Date(now);
  for (const pem of authorities) {
    const issuer = new x509.X509Certificate(pem);
    if (now > issuer.notAfter.getTime() || certificate.issuer !== issuer.subject) continue;
    if (await certificate.verify({ date, publicKey: issuer.publicKey })) return identity;
  }
  return undefined;
}

function parse(der: Uint8Array): x509.X509Certificate | undefined {
  try {
    return new x509.X509Certificate(bytesOf(der));
  } catch {
    return undefined;
  }
}

function identify(certificate: x509.X509Certificate, der: Uint8Array): CertificateIdentity {
  return {
    commonName: certificate.subjectName.getField("CN")[0] ?? "",
    organizations: certificate.subjectName.getField("O"),
    fingerprint: fingerprintOf(der),
    notBefore: certificate.notBefore.getTime(),
    notAfter: certificate.notAfter.getTime(),
  };
}

/** No authority itself, and not limited to other purposes (RFC 5280, 4.2.1.12). */
function mayBeClient(certificate: x509.X509Certificate): boolean {
  if (certificate.getExtension(x509.BasicConstraintsExtension)?.ca) return false;
  const usages = certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages;
  return !usages || usages.includes(x509.ExtendedKeyUsage.clientAuth) ||
    usages.includes(ANY_EXTENDED_KEY_USAGE);
}

function bytesOf(der: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(der);
}
