import type { Volume } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Resource } from "../../../shared/client/resource.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import type { Dice } from "./dice.ts";

/** Claims, volumes, classes and drivers, and the pods' share in them. */
export interface VolumeWorld {
  readonly objects: readonly (readonly [Resource, KubeObject])[];
  /** Volumes for a pod of a namespace; mostly none. */
  of(namespace: string): Volume[];
}

interface Places {
  readonly namespaces: readonly string[];
  readonly zones: readonly string[];
  readonly nodes: readonly string[];
}

const driver = "disk.test";
const classes = ["late", "early", "fixed", "gone"];

/** What pods keep their data on, in every state in which a scheduler may find it. */
export function randomVolumes(dice: Dice, places: Places): VolumeWorld {
  const objects: (readonly [Resource, KubeObject])[] = [];
  const add = (resource: unknown, object: unknown) =>
    objects.push([resource as Resource, object as KubeObject]);
  addClasses(dice, places, add);
  addVolumes(dice, places, add);
  for (const namespace of places.namespaces) {
    for (let index = 0; index < 4; index++) {
      if (dice.chance(0.95)) add(resources.persistentvolumeclaims, claim(dice, namespace, index));
    }
  }
  return {
    objects,
    of: () => dice.chance(0.2) ? dice.some(0.7, 2, (index) => volume(dice, index)) : [],
  };
}

type Add = (resource: unknown, object: unknown) => void;

function volume(dice: Dice, index: number): Volume {
  const name = `v${index}`;
  const kind = dice.int(0, 9);
  if (kind < 7) return { name, persistentVolumeClaim: { claimName: `c${dice.int(0, 3)}` } };
  if (kind === 7) {
    return { name, awsElasticBlockStore: { volumeID: dice.pick(["d1", "d2"]) } };
  }
  if (kind === 8) {
    const readOnly = dice.chance(0.5);
    return { name, gcePersistentDisk: { pdName: dice.pick(["d1", "d2"]), readOnly } };
  }
  const readOnly = dice.chance(0.5);
  const iqn = dice.pick(["i1", "i2"]);
  return { name, iscsi: { iqn, lun: 0, targetPortal: "t", readOnly } };
}

function addClasses(dice: Dice, { zones, nodes }: Places, add: Add): void {
  const apiVersion = "storage.k8s.io/v1";
  for (const name of classes.slice(0, 3)) {
    const topology = { key: "topology.kubernetes.io/zone", values: [dice.pick(zones)] };
    add(resources.storageclasses, {
      apiVersion,
      kind: "StorageClass",
      metadata: { name },
      provisioner: name === "fixed" ? "kubernetes.io/no-provisioner" : driver,
      volumeBindingMode: name === "early" ? "Immediate" : "WaitForFirstConsumer",
      ...(dice.chance(0.3) && { allowedTopologies: [{ matchLabelExpressions: [topology] }] }),
    });
  }
  if (dice.chance(0.7)) {
    add(resources.csidrivers, {
      apiVersion,
      kind: "CSIDriver",
      metadata: { name: driver },
      spec: {
        storageCapacity: dice.chance(0.5),
        ...(dice.chance(0.3) && { preventPodSchedulingIfMissing: true }),
      },
    });
  }
  for (const zone of zones) {
    add(resources.csistoragecapacities, {
      apiVersion,
      kind: "CSIStorageCapacity",
      metadata: { name: `late-${zone}`, namespace: "n1" },
      storageClassName: "late",
      nodeTopology: { matchLabels: { "topology.kubernetes.io/zone": zone } },
      capacity: dice.pick(["1Gi", "100Gi"]),
      ...(dice.chance(0.2) && { maximumVolumeSize: "2Gi" }),
    });
  }
  for (const name of nodes) {
    if (dice.chance(0.3)) continue;
    const limited = dice.chance(0.5) && { allocatable: { count: dice.int(0, 3) } };
    const drivers = [{ name: driver, nodeID: name, ...limited }];
    add(resources.csinodes, { apiVersion, kind: "CSINode", metadata: { name }, spec: { drivers } });
    if (!dice.chance(0.3)) continue;
    add(resources.volumeattachments, {
      apiVersion,
      kind: "VolumeAttachment",
      metadata: { name: `at-${name}` },
      spec: {
        attacher: driver,
        nodeName: name,
        source: { persistentVolumeName: `pv${dice.int(0, 5)}` },
      },
      status: { attached: true },
    });
  }
}

function addVolumes(dice: Dice, { zones, nodes, namespaces }: Places, add: Add): void {
  for (let index = 0; index < 6; index++) {
    const onNode = {
      key: "kubernetes.io/hostname",
      operator: "In",
      values: [dice.pick(nodes)],
    };
    const inZone = {
      key: "topology.kubernetes.io/zone",
      operator: "In",
      values: [dice.pick(zones)],
    };
    const bound = dice.chance(0.3);
    const name = `c${dice.int(0, 3)}`;
    const namespace = dice.pick(namespaces);
    add(resources.persistentvolumes, {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: {
        name: `pv${index}`,
        labels: dice.chance(0.2) ? { "topology.kubernetes.io/zone": dice.pick(zones) } : {},
      },
      spec: {
        capacity: { storage: dice.pick(["1Gi", "5Gi", "10Gi"]) },
        accessModes: ["ReadWriteOnce"],
        storageClassName: dice.pick(["late", "fixed", "early"]),
        ...(dice.chance(0.5)
          ? { csi: { driver, volumeHandle: `h${index}` } }
          : { local: { path: "/data" } }),
        ...(dice.chance(0.5) && {
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [{ matchExpressions: [dice.chance(0.5) ? onNode : inZone] }],
            },
          },
        }),
        ...(bound && { claimRef: { namespace, name, uid: `${namespace}-${name}` } }),
      },
      status: { phase: bound ? "Bound" : "Available" },
    });
  }
}

function claim(dice: Dice, namespace: string, index: number) {
  const name = `c${index}`;
  const isBound = dice.chance(0.55);
  const isLost = dice.chance(0.03);
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name,
      namespace,
      uid: `${namespace}-${name}`,
      annotations: isBound ? { "pv.kubernetes.io/bind-completed": "yes" } : {},
    },
    spec: {
      accessModes: [dice.chance(0.15) ? "ReadWriteOncePod" : "ReadWriteOnce"],
      storageClassName: dice.pick(["late", "late", "late", "fixed", "early", "gone"]),
      resources: { requests: { storage: dice.pick(["1Gi", "3Gi", "8Gi"]) } },
      ...(isBound && { volumeName: `pv${dice.int(0, 6)}` }),
    },
    status: { phase: isLost ? "Lost" : isBound ? "Bound" : "Pending" },
  };
}
