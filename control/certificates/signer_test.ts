import "reflect-metadata";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as x509 from "@peculiar/x509";
import type { CertificateSigningRequest } from "../../shared/api/certificates/v1/types.gen.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { silentLog } from "../../shared/log/log.ts";
import { createAuthority } from "./authority.ts";
import { advanceRequest } from "./signer.ts";

const clock = new FakeClock();
const authority = await createAuthority("ca", { now: clock.now() });
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

interface Asked {
  readonly signer: string;
  readonly usages: readonly string[];
  readonly name?: string;
  readonly organizations?: readonly string[];
  readonly alternatives?: readonly x509.JsonGeneralName[];
  readonly conditions?: readonly string[];
  readonly username?: string;
  readonly expirationSeconds?: number;
}

async function requestOf(asked: Asked): Promise<CertificateSigningRequest> {
  const { signer, usages, name = "system:node:a", organizations = ["system:nodes"] } = asked;
  const { alternatives = [], conditions = [], username = "kubelet", expirationSeconds } = asked;
  const pem = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [...organizations.map((O) => ({ O: [O] })), { CN: [name] }],
    keys,
    signingAlgorithm: algorithm,
    extensions: alternatives.length > 0
      ? [new x509.SubjectAlternativeNameExtension([...alternatives])]
      : [],
  });
  return {
    kind: "CertificateSigningRequest",
    apiVersion: "certificates.k8s.io/v1",
    metadata: { name: "r" },
    spec: {
      signerName: `kubernetes.io/${signer}`,
      usages: [...usages],
      username,
      request: Buffer.from(pem.toString("pem")).toString("base64"),
      ...(expirationSeconds !== undefined && { expirationSeconds }),
    },
    status: {
      conditions: conditions.map((type) => ({ type, status: "True", reason: "x", message: "" })),
    },
  };
}

async function advance(asked: Asked, rights: readonly string[] = []) {
  const step = await advanceRequest(await requestOf(asked), {
    authority: () => authority,
    authorizer: {
      name: "test",
      authorize: (_user, { subresource }) => ({
        decision: rights.includes(subresource) ? "Allow" : "NoOpinion",
      }),
    },
    clock,
    log: silentLog,
  });
  const { certificate, conditions } = step?.request.status ?? {};
  const pem = certificate && Buffer.from(certificate, "base64").toString();
  return {
    subresource: step?.subresource,
    condition: conditions?.at(-1),
    certificate: pem ? new x509.X509Certificate(pem) : undefined,
  };
}

const client = ["digital signature", "client auth"];
const serving = ["digital signature", "key encipherment", "server auth"];
const approved = ["Approved"];
const dns = [{ type: "dns" as const, value: "a" }];

const signed: readonly [title: string, asked: Asked][] = [
  ["a client's request", { signer: "kube-apiserver-client", usages: ["client auth"], name: "ada" }],
  ["a node's client request", { signer: "kube-apiserver-client-kubelet", usages: client }],
  ["a node's serving request", { signer: "kubelet-serving", usages: serving, alternatives: dns }],
  ["anything for legacy-unknown", {
    signer: "legacy-unknown",
    usages: ["code signing"],
    name: "x",
  }],
];
for (const [title, asked] of signed) {
  Deno.test(`advanceRequest() signs ${title} that is approved, and nothing that is not`, async () => {
    const { subresource, certificate } = await advance({ ...asked, conditions: approved });
    assert.equal(subresource, "status");
    assert.ok(
      await certificate!.verify({
        publicKey: authority.x509.publicKey,
        date: new Date(clock.now()),
      }),
    );
    assert.equal(certificate!.getExtension(x509.BasicConstraintsExtension)!.ca, false);
    assert.equal((await advance(asked)).subresource, undefined);
    for (const end of ["Denied", "Failed"]) {
      const answered = await advance({ ...asked, conditions: [...approved, end] });
      assert.equal(answered.subresource, undefined);
    }
  });
}

const failing: readonly [title: string, asked: Asked, message: string][] = [
  ["a client's request to serve", {
    signer: "kube-apiserver-client",
    usages: ["client auth", "server auth"],
  }, "invalid usage for client certificate: server auth"],
  ["a client's request for no clients", {
    signer: "kube-apiserver-client",
    usages: ["digital signature"],
  }, "missing required usage for client certificate: client auth"],
  ["a node of another organization", {
    signer: "kube-apiserver-client-kubelet",
    usages: client,
    organizations: ["system:masters"],
  }, "subject organization is not system:nodes"],
  ["a node of two organizations", {
    signer: "kube-apiserver-client-kubelet",
    usages: client,
    organizations: ["system:nodes", "system:masters"],
  }, "subject organization is not system:nodes"],
  ["a node's client request with names", {
    signer: "kube-apiserver-client-kubelet",
    usages: client,
    alternatives: dns,
  }, "DNS subjectAltNames are not allowed"],
  ["a node's client request that is nobody's", {
    signer: "kube-apiserver-client-kubelet",
    usages: client,
    name: "ada",
  }, "subject common name does not begin with system:node:"],
  [
    "a node's client request to serve",
    { signer: "kube-apiserver-client-kubelet", usages: serving },
    "usages did not match [client auth digital signature key encipherment]",
  ],
  [
    "a node's serving request without names",
    { signer: "kubelet-serving", usages: serving },
    "DNS or IP subjectAltName is required",
  ],
  ["a node's serving request with a URI", {
    signer: "kubelet-serving",
    usages: serving,
    alternatives: [...dns, { type: "url", value: "https://a" }],
  }, "URI subjectAltNames are not allowed"],
  ["a node's serving request for clients", {
    signer: "kubelet-serving",
    usages: client,
    alternatives: dns,
  }, "usages did not match [digital signature key encipherment server auth]"],
];
for (const [title, asked, message] of failing) {
  Deno.test(`advanceRequest() marks as failed ${title}`, async () => {
    const { condition, certificate } = await advance({ ...asked, conditions: approved });
    assert.equal(condition!.type, "Failed");
    assert.equal(condition!.reason, "SignerValidationFailure");
    assert.equal(condition!.message, message);
    assert.equal(certificate, undefined);
  });
}

const approvals: readonly [
  title: string,
  username: string,
  rights: readonly string[],
  message: string | undefined,
][] = [
  [
    "a new node whose asker may bring nodes",
    "system:bootstrap:abc",
    ["nodeclient"],
    "Auto approving kubelet client certificate after SubjectAccessReview.",
  ],
  [
    "a node's renewal",
    "system:node:a",
    ["selfnodeclient"],
    "Auto approving self kubelet client certificate after SubjectAccessReview.",
  ],
  ["nobody without the right", "system:node:a", [], undefined],
  ["no new node with the right to renew", "system:node:b", ["selfnodeclient"], undefined],
];
for (const [title, username, rights, message] of approvals) {
  Deno.test(`advanceRequest() approves ${title}`, async () => {
    const asked = { signer: "kube-apiserver-client-kubelet", usages: client, username };
    const { subresource, condition } = await advance(asked, rights);
    assert.equal(subresource, message && "approval");
    assert.equal(condition?.message, message);
  });
}

Deno.test("advanceRequest() approves no other signer's requests by itself", async () => {
  for (const signer of ["kube-apiserver-client", "kubelet-serving", "legacy-unknown"]) {
    const asked = { signer, usages: serving, alternatives: dns };
    assert.equal((await advance(asked, ["nodeclient", "selfnodeclient"])).subresource, undefined);
  }
});

const lifetimes: readonly [title: string, asked: number | undefined, minutes: number][] = [
  ["a year unless it is asked for less", undefined, 365 * 24 * 60 - 5],
  ["no more than a year", 10 * 365 * 24 * 3600, 365 * 24 * 60 - 5],
  ["no less than ten minutes", 60, 10],
  ["a short time in full", 3600, 60],
];
for (const [title, expirationSeconds, minutes] of lifetimes) {
  Deno.test(`advanceRequest() signs for ${title}`, async () => {
    const { certificate } = await advance({
      signer: "kube-apiserver-client",
      usages: client,
      conditions: approved,
      ...(expirationSeconds !== undefined && { expirationSeconds }),
    });
    assert.equal((certificate!.notAfter.getTime() - clock.now()) / 60_000, minutes);
    assert.equal((certificate!.notBefore.getTime() - clock.now()) / 60_000, -5);
  });
}

Deno.test("advanceRequest() gives a certificate the usages and names that were asked for, and no others", async () => {
  const { certificate } = await advance({
    signer: "kubelet-serving",
    usages: serving,
    alternatives: [...dns, { type: "ip", value: "192.0.2.1" }],
    conditions: approved,
  });
  const flags = x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment;
  assert.equal(certificate!.getExtension(x509.KeyUsagesExtension)!.usages, flags);
  const purposes = certificate!.getExtension(x509.ExtendedKeyUsageExtension)!.usages;
  assert.deepEqual([...purposes], [x509.ExtendedKeyUsage.serverAuth]);
  const names = certificate!.getExtension(x509.SubjectAlternativeNameExtension)!.names.items;
  assert.deepEqual(names.map(({ value }) => value), ["a", "192.0.2.1"]);
});

Deno.test("advanceRequest() leaves signers that are not ours", async () => {
  const request = await requestOf({ signer: "x", usages: client, conditions: approved });
  request.spec.signerName = "example.com/own";
  const never = () => assert.fail("nobody is asked");
  assert.equal(
    await advanceRequest(request, {
      authority: never,
      authorizer: { name: "test", authorize: never },
      clock,
      log: silentLog,
    }),
    undefined,
  );
});
