import * as x509 from "@peculiar/x509";

/** Bits of the key usage extension (RFC 5280, 4.2.1.3) by their names in the certificates API. */
const keyUsages: Readonly<Record<string, number>> = {
  "signing": x509.KeyUsageFlags.digitalSignature,
  "digital signature": x509.KeyUsageFlags.digitalSignature,
  "content commitment": x509.KeyUsageFlags.nonRepudiation,
  "key encipherment": x509.KeyUsageFlags.keyEncipherment,
  "key agreement": x509.KeyUsageFlags.keyAgreement,
  "data encipherment": x509.KeyUsageFlags.dataEncipherment,
  "cert sign": x509.KeyUsageFlags.keyCertSign,
  "crl sign": x509.KeyUsageFlags.cRLSign,
  "encipher only": x509.KeyUsageFlags.encipherOnly,
  "decipher only": x509.KeyUsageFlags.decipherOnly,
};

/** Extended usages (RFC 5280, 4.2.1.12) by their names in the certificates API. */
const extendedUsages: Readonly<Record<string, string>> = {
  "any": "2.5.29.37.0",
  "server auth": "1.3.6.1.5.5.7.3.1",
  "client auth": "1.3.6.1.5.5.7.3.2",
  "code signing": "1.3.6.1.5.5.7.3.3",
  "email protection": "1.3.6.1.5.5.7.3.4",
  "s/mime": "1.3.6.1.5.5.7.3.4",
  "ipsec end system": "1.3.6.1.5.5.7.3.5",
  "ipsec tunnel": "1.3.6.1.5.5.7.3.6",
  "ipsec user": "1.3.6.1.5.5.7.3.7",
  "timestamping": "1.3.6.1.5.5.7.3.8",
  "ocsp signing": "1.3.6.1.5.5.7.3.9",
  "microsoft sgc": "1.3.6.1.4.1.311.10.3.3",
  "netscape sgc": "2.16.840.1.113730.4.1",
};

/** What usages of the certificates API are in a certificate. Throws TypeError for one that it does not know. */
export function usagesOf(
  usages: readonly string[],
): { readonly keyUsage: number; readonly extended: readonly string[] } {
  const unknown = usages.filter((usage) => !(usage in keyUsages) && !(usage in extendedUsages));
  if (unknown.length > 0) {
    throw new TypeError(`unrecognized usage values: ${JSON.stringify(unknown)}`);
  }
  const extended = usages.flatMap((usage) => extendedUsages[usage] ?? []);
  return {
    keyUsage: usages.reduce((bits, usage) => bits | (keyUsages[usage] ?? 0), 0),
    extended: [...new Set(extended)].sort(),
  };
}
