import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { type Authority, signLeaf, type Usage } from "./authority.ts";

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

/**
 * Signs what the request asks for, for the given usages and time. The caller has decided that the asker may have
 * this name: see the signers' rules of certificates.k8s.io.
 */
export async function signCertificateRequest(
  authority: Authority,
  request: CertificateRequest,
  options: {
    readonly usages: readonly Usage[];
    readonly lifetimeMs: number;
    readonly now: number;
  },
): Promise<string> {
  return await signLeaf(authority, request.publicKey, {
    commonName: request.commonName,
    organizations: request.organizations,
    dnsNames: request.dnsNames,
    addresses: request.addresses,
    ...options,
  });
}

/** Makes a key and a request for it; for nodes that join and for tests. */
export async function createCertificateRequest(subject: {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
}): Promise<{ readonly request: string; readonly key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const names = (subject.dnsNames ?? []).map((value) => ({ type: "dns" as const, value }));
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [
      ...(subject.organizations ?? []).map((value) => ({ O: [value] })),
      { CN: [subject.commonName] },
    ],
    keys,
    signingAlgorithm: algorithm,
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  });
  const der = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    request: request.toString("pem") + "\n",
    key: x509.PemConverter.encode(der, "PRIVATE KEY") + "\n",
  };
}

function alternativeNames(request: x509.Pkcs10CertificateRequest): readonly x509.GeneralName[] {
  // `extensions` is an array class of its own, whose flatMap would make another of its kind.
  return Array.from(request.extensions).flatMap((extension) =>
    extension instanceof x509.SubjectAlternativeNameExtension ? extension.names.items : []
  );
}
