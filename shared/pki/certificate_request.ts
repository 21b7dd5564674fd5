import "reflect-metadata";
import * as x509 from "@peculiar/x509";

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
