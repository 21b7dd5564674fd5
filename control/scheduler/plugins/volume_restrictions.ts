import type { Volume } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import {
  type Plugin,
  type PluginHandle,
  skip,
  success,
  unresolvable,
  unschedulable,
} from "../framework.ts";

const inUse = unschedulable(
  "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
);
const diskTaken = unschedulable("node(s) had no available disk");

interface State {
  /** The pod's claims that one pod at a time may use. */
  readonly exclusive: ReadonlySet<string>;
  /** How many uses of them there are. */
  users: number;
  /** The pod's disks that only one pod of a node may use. */
  readonly disks: readonly Volume[];
}

/** Lets one pod at a time use a ReadWriteOncePod claim (KEP-2485), and one pod of a node certain disks. */
export function volumeRestrictions({ cluster, lister }: PluginHandle): Plugin<State> {
  const claims = lister(resources.persistentvolumeclaims);
  const isInUse = (namespace: string, name: string) =>
    cluster.count({
      key: `claim;${namespace};${name}`,
      namespaces: new Set([namespace]),
      matches: (other) => other.namedClaims.includes(name),
    }).size > 0;
  return {
    name: "VolumeRestrictions",
    preFilter({ namespace, namedClaims, pod }) {
      const exclusive = new Set<string>();
      for (const name of namedClaims) {
        const claim = claims.get(`${namespace}/${name}`);
        if (!claim) return unresolvable(`persistentvolumeclaim "${name}" not found`);
        if (claim.spec?.accessModes?.includes("ReadWriteOncePod")) exclusive.add(name);
      }
      const users = [...exclusive].filter((name) => isInUse(namespace, name)).length;
      const disks = (pod.spec?.volumes ?? []).filter(isDisk);
      if (users === 0 && disks.length === 0) return skip;
      return { code: "Success", state: { exclusive, users, disks } };
    },
    filter(_pod, node, { users, disks }) {
      if (disks.length > 0 && hasConflict(disks, node)) return diskTaken;
      return users > 0 ? inUse : success;
    },
    cloneState: (state) => ({ ...state }),
    update(state, { other, by }) {
      state.users += by * other.namedClaims.filter((name) => state.exclusive.has(name)).length;
    },
    wakeOn: {
      PodDelete: (pod, { pod: gone }) => mayFree(pod, gone!),
      Storage: (_pod, { object }) => object?.kind === "PersistentVolumeClaim",
    },
  };
}

function mayFree({ namespace, pod }: PodInfo, gone: PodInfo): boolean {
  if (gone.namespace === namespace && gone.namedClaims.length > 0) return true;
  return (pod.spec?.volumes ?? []).some(isDisk);
}

function isDisk(volume: Volume): boolean {
  return !!(volume.gcePersistentDisk ?? volume.awsElasticBlockStore ?? volume.iscsi ?? volume.rbd);
}

function hasConflict(disks: readonly Volume[], node: NodeInfo): boolean {
  for (const { pod } of node.pods.values()) {
    for (const other of pod.spec?.volumes ?? []) {
      if (disks.some((disk) => conflict(disk, other))) return true;
    }
  }
  return false;
}

/** Two pods of a node cannot have the same disk, unless both only read it (EBS: never). */
function conflict(a: Volume, b: Volume): boolean {
  if (a.awsElasticBlockStore && b.awsElasticBlockStore) {
    return a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID;
  }
  if (a.gcePersistentDisk && b.gcePersistentDisk) {
    return a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName &&
      !onlyRead(a.gcePersistentDisk, b.gcePersistentDisk);
  }
  if (a.iscsi && b.iscsi) return a.iscsi.iqn === b.iscsi.iqn && !onlyRead(a.iscsi, b.iscsi);
  if (!a.rbd || !b.rbd) return false;
  const monitors = new Set(a.rbd.monitors);
  return (b.rbd.monitors ?? []).some((monitor) => monitors.has(monitor)) &&
    (a.rbd.pool ?? "rbd") === (b.rbd.pool ?? "rbd") && a.rbd.image === b.rbd.image &&
    !onlyRead(a.rbd, b.rbd);
}

interface ReadOnly {
  readonly readOnly?: boolean | undefined;
}

function onlyRead(a: ReadOnly, b: ReadOnly): boolean {
  return !!a.readOnly && !!b.readOnly;
}
