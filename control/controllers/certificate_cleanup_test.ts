import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type {
  CertificateSigningRequest,
  PodCertificateRequest,
} from "../../shared/api/certificates/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import { createAuthority, issueLeaf } from "../certificates/authority.ts";
import { podCertificateCleanupController, requestEndsInMs } from "./certificate_cleanup.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";

const now = Date.UTC(2026, 0, 1);
const hourMs = 3600_000;
const authority = await createAuthority("ca", { now });
const { certificate } = await issueLeaf(authority, {
  commonName: "a",
  usages: ["client auth"],
  lifetimeMs: hourMs / 2,
  now,
});

const cases: readonly [
  title: string,
  types: readonly string[],
  issued: string | undefined,
  hours: number,
][] = [
  ["a day for an answer", [], undefined, 24],
  ["an hour once it is denied", ["Denied"], undefined, 1],
  ["an hour once it has failed", ["Approved", "Failed"], undefined, 1],
  ["a day for its certificate", ["Approved"], undefined, 24],
  ["an hour with a certificate that cannot be read", ["Approved"], btoa("x"), 1],
  [
    "no longer than its certificate",
    ["Approved"],
    Buffer.from(certificate).toString("base64"),
    0.5,
  ],
];
for (const [title, types, issued, hours] of cases) {
  Deno.test(`requestEndsInMs() gives a request ${title}`, () => {
    const request: CertificateSigningRequest = {
      kind: "CertificateSigningRequest",
      apiVersion: "certificates.k8s.io/v1",
      metadata: { creationTimestamp: timestamp(now) },
      spec: { request: "", signerName: "s", usages: [] },
      status: {
        conditions: types.map((type) => ({
          type,
          status: "True",
          reason: "",
          message: "",
          lastUpdateTime: timestamp(now),
        })),
        ...(issued && { certificate: issued }),
      },
    };
    assert.equal(requestEndsInMs(request, now) / hourMs, hours);
  });
}

Deno.test("podcertificaterequest-cleaner deletes a request a quarter of an hour after it was made", async () => {
  const cluster = new FakeCluster();
  await cluster.create(resources.podcertificaterequests, {
    kind: "PodCertificateRequest",
    apiVersion: "certificates.k8s.io/v1",
    metadata: {
      namespace: "a",
      name: "b",
      creationTimestamp: timestamp(cluster.clock.now()),
    },
    spec: {} as PodCertificateRequest["spec"],
  });
  await cluster.run(podCertificateCleanupController);
  await cluster.advance(14 * 60_000);
  assert.equal(cluster.all(resources.podcertificaterequests).length, 1);
  await cluster.advance(2 * 60_000);
  assert.equal(cluster.all(resources.podcertificaterequests).length, 0);
  cluster.stop();
});
