import { resources } from "../../../shared/client/resources.gen.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import { type Plugin, type PluginHandle, skip, success, unschedulable } from "../framework.ts";

const inUse = unschedulable(
  "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
);

/** The pod's claims that one pod at a time may use, and how many placed pods use them. */
interface State {
  readonly exclusive: ReadonlySet<string>;
  users: number;
}

/** Lets one pod at a time use a ReadWriteOncePod claim (KEP-2485). */
export function volumeRestrictions({ cluster, lister }: PluginHandle): Plugin<State> {
  const claims = lister(resources.persistentvolumeclaims);
  return {
    name: "VolumeRestrictions",
    preFilter(pod) {
      const exclusive = new Set(
        pod.claims.filter((name) =>
          claims.get(`${pod.namespace}/${name}`)?.spec?.accessModes?.includes("ReadWriteOncePod")
        ),
      );
      if (exclusive.size === 0) return skip;
      const counts = cluster.count({
        key: `claims;${pod.namespace};${[...exclusive].sort().join(",")}`,
        namespaces: new Set([pod.namespace]),
        matches: (other) => uses(other, exclusive),
      });
      let users = 0;
      for (const count of counts.values()) users += count;
      return { code: "Success", state: { exclusive, users } };
    },
    filter: (_pod, _node, { users }) => users > 0 ? inUse : success,
    cloneState: (state) => ({ ...state }),
    update(state, { pod, other, by }) {
      if (other.namespace === pod.namespace && uses(other, state.exclusive)) state.users += by;
    },
    wakeOn: {
      PodDelete: (pod, { pod: gone }) =>
        gone!.namespace === pod.namespace && gone!.claims.length > 0,
      Storage: (_pod, { object }) => object?.kind === "PersistentVolumeClaim",
    },
  };
}

function uses(pod: PodInfo, claims: ReadonlySet<string>): boolean {
  return pod.claims.some((name) => claims.has(name));
}
