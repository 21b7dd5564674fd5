import "reflect-metadata";
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { createAuthority, issueLeaf, loadAuthority, renewAuthority } from "./authority.ts";
import { createCertificateRequest } from "../../shared/pki/certificate_request.ts";
import { parseCertificateRequest, signCertificateRequest } from "./certificate_request.ts";
import { identityOf, verifyClientCertificate } from "./verify_client_certificate.ts";

const now = Date.UTC(2026, 0, 1);
const lifetimeMs = 3600_000;
const der = (pem: string) => new Uint8Array(new X509Certificate(pem).raw);

Deno.test("identityOf() takes a line break for what it is", async () => {
  const authority = await createAuthority("ca", { now });
  const leaf = await issueLeaf(authority, {
    commonName: "x\nO=system:masters",
    organizations: ["a, O=system:masters", "b\nO=system:masters"],
    usages: ["client auth"],
    lifetimeMs,
    now,
  });
  const { commonName, organizations } = identityOf(der(leaf.certificate));
  assert.equal(commonName, "x\nO=system:masters");
  assert.deepEqual(organizations, ["a, O=system:masters", "b\nO=system:masters"]);
});

Deno.test("verifyClientCertificate() judges time, purpose and signer", async () => {
  const authority = await createAuthority("ca", { now });
  const request = { commonName: "u", usages: ["client auth"], lifetimeMs, now } as const;
  const leaf = der((await issueLeaf(authority, request)).certificate);
  const verify = (at: number, pem = authority.certificate) =>
    verifyClientCertificate(leaf, [pem], at);
  assert.equal((await verify(now))?.commonName, "u");
  assert.equal(await verify(now + lifetimeMs + 1), undefined);
  assert.equal(await verify(now - 3600_000), undefined);
  assert.equal(await verify(now, (await createAuthority("ca", { now })).certificate), undefined);
  assert.equal(await verifyClientCertificate(new Uint8Array(9), [], now), undefined);
  const renewed = await renewAuthority(await loadAuthority(authority), { now });
  assert.ok(await verify(now, renewed.certificate));
});

Deno.test("signCertificateRequest() signs a kubelet's request", async () => {
  const authority = await createAuthority("ca", { now });
  const { request } = await createCertificateRequest({
    commonName: "system:node:edge-1",
    organizations: ["system:nodes"],
  });
  const parsed = await parseCertificateRequest(request);
  const pem = await signCertificateRequest(authority, parsed, {
    usages: ["client auth"],
    lifetimeMs,
    now,
  });
  const identity = await verifyClientCertificate(der(pem), [authority.certificate], now);
  assert.equal(identity?.commonName, "system:node:edge-1");
  assert.deepEqual(identity?.organizations, ["system:nodes"]);
});

Deno.test("parseCertificateRequest() reads alternative names and refuses a forged signature", async () => {
  const { request } = await createCertificateRequest({ commonName: "x", dnsNames: ["a.b"] });
  assert.deepEqual((await parseCertificateRequest(request)).dnsNames, ["a.b"]);
  const other = await createCertificateRequest({ commonName: "y", dnsNames: ["a.b"] });
  const bytes = new Uint8Array(new x509.Pkcs10CertificateRequest(request).rawData);
  const foreign = new Uint8Array(new x509.Pkcs10CertificateRequest(other.request).rawData);
  const forged = bytes.slice();
  forged.set(foreign.subarray(foreign.length - 32), bytes.length - 32);
  const pem = new x509.Pkcs10CertificateRequest(forged).toString("pem");
  await assert.rejects(parseCertificateRequest(pem), /not valid/);
});
