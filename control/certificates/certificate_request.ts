import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { type Authority, signLeaf, SKEW_MS } from "./authority.ts";

/** Shorter lives are given in full. */
const shortMs = 8 * 3600_000;

/** What a PKCS #10 request asks for. Nothing in it is trusted but that the asker holds the key. */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
  readonly publicKey: x509.PublicKey;
}

/** Reads a PEM `CERTIFICATE REQUEST`. Throws if it is none or is not signed by the key that it names. */
export async function parseCertificateRequest(pem: string): Promise<CertificateRequest> {
  const request = new x509.Pkcs10CertificateRequest(pem);
  if (!await request.verify()) {
    throw new Error("Cannot use certificate request: its signature is not valid");
  }
  const names = alternativeNames(request);
  const ofType = (type: string) =>
    names.filter((name) => name.type === type).map((name) => name.value);
  return {
    commonName: request.subjectName.getField("CN")[0] ?? "",
    organizations: request.subjectName.getField("O"),
    dnsNames: ofType("dns"),
    addresses: ofType("ip"),
    emails: ofType("email"),
    uris: ofType("url"),
    publicKey: request.publicKey,
  };
}

/** The organizations that a PEM request names, without judging its signature. Throws if it is no request. */
export function requestedOrganizations(pem: string): readonly string[] {
  return new x509.Pkcs10CertificateRequest(pem).subjectName.getField("O");
}

/**
 * Signs what the request asks for, for the given usages and time. The caller has decided that the asker may have
 * this name: see the signers' rules of certificates.k8s.io.
 */
export async function signCertificateRequest(
  authority: Authority,
  request: CertificateRequest,
  options: {
    /** As the certificates API names them. */
    readonly usages: readonly string[];
    readonly lifetimeMs: number;
    readonly now: number;
  },
): Promise<string> {
  return await signLeaf(authority, request.publicKey, {
    commonName: request.commonName,
    organizations: request.organizations,
    dnsNames: request.dnsNames,
    addresses: request.addresses,
    emails: request.emails,
    uris: request.uris,
    ...options,
    // Its end is moved back with its beginning, unless it is short.
    lifetimeMs: options.lifetimeMs < shortMs ? options.lifetimeMs : options.lifetimeMs - SKEW_MS,
  });
}

function alternativeNames(request: x509.Pkcs10CertificateRequest): readonly x509.GeneralName[] {
  // `extensions` is an array class of its own, whose flatMap would make another of its kind.
  return Array.from(request.extensions).flatMap((extension) =>
    extension instanceof x509.SubjectAlternativeNameExtension ? extension.names.items : []
  );
}
