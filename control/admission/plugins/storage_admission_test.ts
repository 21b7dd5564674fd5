import assert from "node:assert/strict";
import type { KubeObject } from "../../../shared/api/kind.ts";
import { createCertificateRequest } from "../../../shared/pki/certificate_request.ts";
import { AdmissionHarness } from "../testing/admission_harness.ts";
import { certificateApproval } from "./certificate_approval.ts";
import { certificateSigning } from "./certificate_signing.ts";
import { certificateSubjectRestriction } from "./certificate_subject_restriction.ts";
import { defaultIngressClass } from "./default_ingress_class.ts";
import { defaultStorageClass } from "./default_storage_class.ts";
import { namespaceLifecycle } from "./namespace_lifecycle.ts";
import { persistentVolumeClaimResize } from "./persistent_volume_claim_resize.ts";
import { storageObjectInUseProtection } from "./storage_object_in_use_protection.ts";
import { taintNodesByCondition } from "./taint_nodes_by_condition.ts";

type Claim = KubeObject & { spec: { storageClassName?: string; ingressClassName?: string } };

for (
  const [title, claim, name] of [
    ["no class", { metadata: { name: "c" }, spec: {} }, "new"],
    ["the class ''", { metadata: { name: "c" }, spec: { storageClassName: "" } }, ""],
    [
      "the old annotation",
      {
        metadata: { name: "c", annotations: { "volume.beta.kubernetes.io/storage-class": "x" } },
        spec: {},
      },
      undefined,
    ],
  ] as const
) {
  Deno.test(`DefaultStorageClass for a claim with ${title}`, async () => {
    const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
    const world = new AdmissionHarness();
    for (const [one, year] of [["old", 2024], ["new", 2025]] as const) {
      const creationTimestamp = `${year}-01-01T00:00:00Z`;
      const metadata = { name: one, annotations, creationTimestamp };
      world.put("storage.k8s.io/storageclasses", { metadata });
    }
    world.put("storage.k8s.io/storageclasses", {
      metadata: { name: "newest", creationTimestamp: "2026-01-01T00:00:00Z" },
    });
    const { spec } = await world.run<Claim>(
      defaultStorageClass(world.dependencies),
      world.attributes("/persistentvolumeclaims", claim),
    );
    assert.equal(spec.storageClassName, name);
  });
}

Deno.test("DefaultIngressClass sets the default class unless one is named", async () => {
  const annotations = { "ingressclass.kubernetes.io/is-default-class": "true" };
  const world = new AdmissionHarness()
    .put("networking.k8s.io/ingressclasses", { metadata: { name: "ic", annotations } });
  const plugin = defaultIngressClass(world.dependencies);
  const of = async (spec: object, metadata: object = {}) => {
    const object = { metadata: { name: "i", ...metadata }, spec };
    const attributes = world.attributes("networking.k8s.io/ingresses", object);
    return (await world.run<Claim>(plugin, attributes)).spec.ingressClassName;
  };
  assert.equal(await of({}), "ic");
  assert.equal(await of({ ingressClassName: "other" }), "other");
  assert.equal(await of({}, { annotations: { "kubernetes.io/ingress.class": "x" } }), undefined);
});

Deno.test("StorageObjectInUseProtection adds its finalizer once", async () => {
  const world = new AdmissionHarness();
  const plugin = storageObjectInUseProtection();
  for (
    const [kind, finalizer] of [
      ["/persistentvolumes", "kubernetes.io/pv-protection"],
      ["/persistentvolumeclaims", "kubernetes.io/pvc-protection"],
    ] as const
  ) {
    const attributes = world.attributes(kind, { metadata: { name: "x", finalizers: ["a"] } });
    await world.run(plugin, attributes);
    const { metadata } = await world.run(plugin, attributes);
    assert.deepEqual(metadata.finalizers, ["a", finalizer]);
  }
});

Deno.test("TaintNodesByCondition taints a new node", async () => {
  const world = new AdmissionHarness();
  const attributes = world.attributes("/nodes", { metadata: { name: "x" } });
  await world.run(taintNodesByCondition(), attributes);
  const node = await world.run<{ spec: unknown }>(taintNodesByCondition(), attributes);
  const taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };
  assert.deepEqual(node.spec, { taints: [taint] });
});

const claimOf = (storage: string, phase = "Bound", storageClassName = "grows") => ({
  metadata: { name: "c", namespace: "n" },
  spec: { storageClassName, resources: { requests: { storage } } },
  status: { phase },
});
const cannot =
  "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
for (
  const [title, old, size, why] of [
    ["a bound claim grows", claimOf("1Gi"), "2Gi", undefined],
    ["nothing grows", claimOf("1Gi", "Pending", "fixed"), "1024Mi", undefined],
    [
      "it is not bound",
      claimOf("1Gi", "Pending"),
      "2Gi",
      "Only bound persistent volume claims can be expanded",
    ],
    ["the class cannot", claimOf("1Gi", "Bound", "fixed"), "2Gi", cannot],
  ] as const
) {
  Deno.test(`PersistentVolumeClaimResize when ${title}`, async () => {
    const world = new AdmissionHarness()
      .put("storage.k8s.io/storageclasses", {
        metadata: { name: "grows" },
        allowVolumeExpansion: true,
      })
      .put("storage.k8s.io/storageclasses", { metadata: { name: "fixed" } });
    const plugin = persistentVolumeClaimResize(world.dependencies);
    const attributes = world.attributes("/persistentvolumeclaims", claimOf(size), {
      operation: "UPDATE",
      oldObject: old as unknown as KubeObject,
    });
    if (why === undefined) await world.run(plugin, attributes);
    else {
      const message = await world.refusal(plugin, attributes);
      assert.equal(message, `persistentvolumeclaims "c" is forbidden: ${why}`);
    }
  });
}

Deno.test("NamespaceLifecycle keeps out of namespaces that are not there or going", async () => {
  const world = new AdmissionHarness()
    .put("/namespaces", { metadata: { name: "n" } })
    .put("/namespaces", { metadata: { name: "going" }, status: { phase: "Terminating" } });
  const plugin = namespaceLifecycle(world.dependencies);
  const create = (namespace: string) =>
    world.attributes("/configmaps", { metadata: { name: "b" } }, { namespace });
  await world.run(plugin, create("n"));
  assert.equal(await world.refusal(plugin, create("no")), 'namespaces "no" not found');
  assert.equal(
    await world.refusal(plugin, create("going")),
    'configmaps "b" is forbidden: unable to create new content in namespace going because it is being terminated',
  );
  const update = { ...create("going"), operation: "UPDATE" as const };
  await world.run(plugin, update);
  const remove = (name: string) =>
    world.attributes("/namespaces", undefined, { operation: "DELETE", name, namespace: name });
  await world.run(plugin, remove("n"));
  assert.equal(
    await world.refusal(plugin, remove("kube-system")),
    'namespaces "kube-system" is forbidden: this namespace may not be deleted',
  );
});

const signerName = "kubernetes.io/kube-apiserver-client";
const request = { metadata: { name: "csr" }, spec: { signerName } };
const named = 'certificatesigningrequests.certificates.k8s.io "csr" is forbidden:';

Deno.test("CertificateApproval and CertificateSigning ask for the signer's permission", async () => {
  const world = new AdmissionHarness();
  const of = (subresource: string, status: object) =>
    world.attributes(
      `certificates.k8s.io/certificatesigningrequests/${subresource}`,
      { ...request, status },
      { operation: "UPDATE", oldObject: request as unknown as KubeObject },
    );
  const approval = certificateApproval(world.dependencies);
  const signing = certificateSigning(world.dependencies);
  assert.equal(
    await world.refusal(approval, of("approval", {})),
    `${named} user not permitted to approve requests with signerName "${signerName}"`,
  );
  assert.equal(
    await world.refusal(signing, of("status", { certificate: "x" })),
    `${named} user not permitted to sign requests with signerName "${signerName}"`,
  );
  await world.run(signing, of("status", {}));
  world.allowed.add(`approve signers ${signerName}`).add("sign signers kubernetes.io/*");
  await world.run(approval, of("approval", {}));
  await world.run(signing, of("status", { certificate: "x" }));
});

Deno.test("CertificateSubjectRestriction refuses a certificate of system:masters", async () => {
  const world = new AdmissionHarness();
  const of = async (group: string) => {
    const made = await createCertificateRequest({ commonName: "x", organizations: [group] });
    const spec = { signerName, request: btoa(made.request) };
    return world.attributes("certificates.k8s.io/certificatesigningrequests", { ...request, spec });
  };
  const plugin = certificateSubjectRestriction();
  await world.run(plugin, await of("devs"));
  assert.equal(
    await world.refusal(plugin, await of("system:masters")),
    `${named} use of ${signerName} signer with system:masters group is not allowed`,
  );
});
