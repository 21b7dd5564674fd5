import "reflect-metadata";
import { createHash, createPublicKey } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { usagesOf } from "./usages.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const YEAR_MS = 365 * 24 * 3600_000;
/** Validity starts a little in the past: machines without a battery-backed clock start late. */
export const SKEW_MS = 5 * 60_000;

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyPairPem {
  readonly certificate: string;
  readonly key: string;
}

/** Who may sign: the cluster's root. Keys are ECDSA P-256. */
export interface Authority extends KeyPairPem {
  readonly x509: x509.X509Certificate;
  readonly signingKey: CryptoKey;
}

export interface LeafRequest {
  readonly commonName: string;
  /** Become the groups of the user that the certificate stands for. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly string[];
  readonly emails?: readonly string[];
  readonly uris?: readonly string[];
  /** What the certificate may be used for, as the certificates API names it. */
  readonly usages: readonly string[];
  readonly lifetimeMs: number;
  /** Wall-clock milliseconds. */
  readonly now: number;
}

/** Makes a new root that is valid for `years` (10) from `now`. */
export async function createAuthority(
  commonName: string,
  options: { readonly now: number; readonly years?: number },
): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  return await selfSign(commonName, keys, options);
}

/**
 * The same root with a new validity: same name and key, so that everything signed before still verifies and those
 * who trust the old certificate trust what is signed from now on.
 */
export async function renewAuthority(
  authority: Authority,
  options: { readonly now: number; readonly years?: number },
): Promise<Authority> {
  const keys = {
    privateKey: authority.signingKey,
    publicKey: await authority.x509.publicKey.export(ALGORITHM, ["verify"]),
  };
  return await selfSign(authority.x509.subjectName, keys, options);
}

/** Reads a root from its PEM texts. Throws if they are not a certificate and its P-256 key. */
export async function loadAuthority(pair: KeyPairPem): Promise<Authority> {
  const certificate = new x509.X509Certificate(pair.certificate);
  const der = x509.PemConverter.decodeFirst(pair.key);
  const signingKey = await crypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]);
  return { ...pair, x509: certificate, signingKey };
}

/**
 * A root made of a key that was kept without its certificate (a crash between the two writes): the same trust,
 * because trust is in name and key.
 */
export async function authorityFromKey(
  commonName: string,
  keyPem: string,
  options: { readonly now: number },
): Promise<Authority> {
  const der = x509.PemConverter.decodeFirst(keyPem);
  const privateKey = await crypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", privateKey);
  const jwk = { kty: kty!, crv: crv!, x: x!, y: y! };
  const publicKey = await crypto.subtle.importKey("jwk", jwk, ALGORITHM, true, ["verify"]);
  return await selfSign(commonName, { privateKey, publicKey }, options);
}

/** Whether a private key belongs to a certificate. */
export function isPair(pair: KeyPairPem): boolean {
  const ofKey = createPublicKey(pair.key).export({ type: "spki", format: "der" });
  const certificate = new x509.X509Certificate(pair.certificate);
  return ofKey.equals(new Uint8Array(certificate.publicKey.rawData));
}

/** Makes a key and a certificate for it, signed by `authority`. */
export async function issueLeaf(authority: Authority, request: LeafRequest): Promise<KeyPairPem> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await signLeaf(authority, keys.publicKey, request);
  return { certificate, key: await privateKeyPem(keys.privateKey) };
}

/** PEM of a certificate for somebody else's public key. */
export async function signLeaf(
  authority: Authority,
  publicKey: CryptoKey | x509.PublicKey,
  request: LeafRequest,
): Promise<string> {
  const until = Math.min(request.now + request.lifetimeMs, authority.x509.notAfter.getTime());
  const alternatives = [
    ...(request.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(request.addresses ?? []).map((value) => ({ type: "ip" as const, value })),
    ...(request.emails ?? []).map((value) => ({ type: "email" as const, value })),
    ...(request.uris ?? []).map((value) => ({ type: "url" as const, value })),
  ];
  const { keyUsage, extended } = usagesOf(request.usages);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: subjectOf(request),
    issuer: authority.x509.subjectName,
    notBefore: new Date(request.now - SKEW_MS),
    notAfter: new Date(until),
    signingAlgorithm: ALGORITHM,
    publicKey,
    signingKey: authority.signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(keyUsage === 0 ? [] : [new x509.KeyUsagesExtension(keyUsage, true)]),
      ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension([...extended])]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.x509.publicKey),
      ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
    ],
  });
  return certificate.toString("pem") + "\n";
}

/**
 * `sha256:<hex>` of the root's public key (DER SubjectPublicKeyInfo): what a join token pins, as in kubeadm's
 * `--discovery-token-ca-cert-hash`.
 */
export function authorityHash(certificatePem: string): string {
  const spki = new x509.X509Certificate(certificatePem).publicKey.rawData;
  return `sha256:${createHash("sha256").update(new Uint8Array(spki)).digest("hex")}`;
}

async function selfSign(
  name: string | x509.Name,
  keys: CryptoKeyPair,
  options: { readonly now: number; readonly years?: number },
): Promise<Authority> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: typeof name === "string" ? [{ CN: [name] }] : name,
    notBefore: new Date(options.now - SKEW_MS),
    notAfter: new Date(options.now + (options.years ?? 10) * YEAR_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign |
          x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: certificate.toString("pem") + "\n",
    key: await privateKeyPem(keys.privateKey),
    x509: certificate,
    signingKey: keys.privateKey,
  };
}

/** Structured, so that no character of a name is taken for syntax. */
function subjectOf(request: LeafRequest): x509.JsonName {
  return [
    ...(request.organizations ?? []).map((value) => ({ O: [value] })),
    { CN: [request.commonName] },
  ];
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  const der = await crypto.subtle.exportKey("pkcs8", key);
  return x509.PemConverter.encode(der, "PRIVATE KEY") + "\n";
}

/** 127 random bits, never zero: positive and unpredictable (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
