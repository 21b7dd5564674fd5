import type {
  EphemeralContainer,
  PersistentVolume,
  Pod,
  Volume,
} from "../../shared/api/core/v1/types.gen.ts";

/** The objects of its own namespace that a pod needs on its node, by name. */
export interface PodReferences {
  readonly secrets: ReadonlySet<string>;
  readonly configmaps: ReadonlySet<string>;
  readonly persistentvolumeclaims: ReadonlySet<string>;
  readonly resourceclaims: ReadonlySet<string>;
  readonly serviceaccounts: ReadonlySet<string>;
}

/** Everything a pod's spec (and the claims noted in its status) refers to by name. */
export function podReferences(pod: Pod): PodReferences {
  const found = {
    secrets: new Set<string>(),
    configmaps: new Set<string>(),
    persistentvolumeclaims: new Set<string>(),
    resourceclaims: new Set<string>(),
    serviceaccounts: new Set<string>(),
  };
  const { spec, status } = pod;
  if (!spec) return found;
  add(found.serviceaccounts, spec.serviceAccountName);
  for (const secret of spec.imagePullSecrets ?? []) add(found.secrets, secret.name);
  const containers = [
    ...spec.initContainers ?? [],
    ...spec.containers,
    ...(spec.ephemeralContainers ?? []) as EphemeralContainer[],
  ];
  for (const { env = [], envFrom = [] } of containers) {
    for (const { secretRef, configMapRef } of envFrom) {
      add(found.secrets, secretRef?.name);
      add(found.configmaps, configMapRef?.name);
    }
    for (const { valueFrom } of env) {
      add(found.secrets, valueFrom?.secretKeyRef?.name);
      add(found.configmaps, valueFrom?.configMapKeyRef?.name);
    }
  }
  for (const volume of spec.volumes ?? []) addVolume(found, volume, pod.metadata.name ?? "");
  for (const claim of spec.resourceClaims ?? []) {
    add(found.resourceclaims, claim.resourceClaimName);
  }
  for (const claim of status?.resourceClaimStatuses ?? []) {
    add(found.resourceclaims, claim.resourceClaimName);
  }
  add(found.resourceclaims, status?.extendedResourceClaimStatus?.resourceClaimName);
  return found;
}

/** Secrets (`namespace/name`) that a node needs to mount a persistent volume for the claim it is bound to. */
export function volumeSecrets({ spec }: PersistentVolume): readonly string[] {
  if (!spec) return [];
  const claim = spec.claimRef?.namespace ?? "";
  const refs = [
    spec.cephfs?.secretRef,
    spec.cinder?.secretRef,
    spec.flexVolume?.secretRef,
    spec.iscsi?.secretRef,
    spec.rbd?.secretRef,
    spec.scaleIO?.secretRef,
    spec.storageos?.secretRef,
    spec.csi?.nodePublishSecretRef,
    spec.csi?.nodeStageSecretRef,
    spec.csi?.nodeExpandSecretRef,
    spec.azureFile && {
      name: spec.azureFile.secretName,
      namespace: spec.azureFile.secretNamespace,
    },
  ];
  return refs.flatMap((ref) => ref?.name ? [`${ref.namespace || claim}/${ref.name}`] : []);
}

function addVolume(
  found: { readonly [Kind in keyof PodReferences]: Set<string> },
  volume: Volume,
  podName: string,
): void {
  const secrets = [
    volume.secret?.secretName,
    volume.azureFile?.secretName,
    volume.cephfs?.secretRef?.name,
    volume.cinder?.secretRef?.name,
    volume.csi?.nodePublishSecretRef?.name,
    volume.flexVolume?.secretRef?.name,
    volume.iscsi?.secretRef?.name,
    volume.rbd?.secretRef?.name,
    volume.scaleIO?.secretRef?.name,
    volume.storageos?.secretRef?.name,
  ];
  for (const name of secrets) add(found.secrets, name);
  add(found.configmaps, volume.configMap?.name);
  for (const source of volume.projected?.sources ?? []) {
    add(found.secrets, source.secret?.name);
    add(found.configmaps, source.configMap?.name);
  }
  add(found.persistentvolumeclaims, volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral) found.persistentvolumeclaims.add(`${podName}-${volume.name}`);
}

function add(names: Set<string>, name: string | undefined): void {
  if (name) names.add(name);
}
