const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * What Go's `tls.X509KeyPair` says about a certificate and a key (both PEM) that have the wrong blocks; undefined if
 * both are there. Whether they belong together is not looked at.
 */
export function keyPairProblem(certificate: string, key: string): string | undefined {
  const inCertificate = blocksOf(certificate);
  if (!inCertificate.includes("CERTIFICATE")) {
    if (inCertificate.length === 0) {
      return "tls: failed to find any PEM data in certificate input";
    }
    if (inCertificate.length === 1 && isKey(inCertificate[0]!)) {
      return "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched";
    }
    return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${
      inCertificate.join(" ")
    }]`;
  }
  const inKey = blocksOf(key);
  if (inKey.some(isKey)) return undefined;
  if (inKey.length === 0) return "tls: failed to find any PEM data in key input";
  if (inKey.length === 1 && inKey[0] === "CERTIFICATE") {
    return "tls: found a certificate rather than a key in the PEM for the private key";
  }
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${
    inKey.join(" ")
  }]`;
}

function blocksOf(pem: string): readonly string[] {
  return [...pem.matchAll(block)].map((match) => match[1]!);
}

function isKey(type: string): boolean {
  return type === "PRIVATE KEY" || type.endsWith(" PRIVATE KEY");
}
