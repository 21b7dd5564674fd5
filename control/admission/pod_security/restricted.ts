import type { Container } from "../../../shared/api/core/v1/types.gen.ts";
import { confines, procMount, seccompProfile } from "./baseline.ts";
import {
  type Check,
  containersOf,
  namedContainers,
  namesWhere,
  plural,
  type PodLike,
  quoted,
  setters,
  sorted,
  unlessUserNamespace,
  unlessWindows,
  type Violation,
} from "./check.ts";

const allowedVolumes = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

/**
 * What level restricted checks beyond baseline, in the order in which it is reported.
 * Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted.
 */
export const restrictedChecks: readonly Check[] = [
  {
    id: "allowPrivilegeEscalation",
    versions: [
      { since: 8, run: allowPrivilegeEscalation },
      { since: 25, run: unlessWindows(allowPrivilegeEscalation) },
    ],
  },
  {
    id: "capabilities_restricted",
    versions: [
      { since: 22, run: capabilities, replaces: "capabilities_baseline" },
      { since: 25, run: unlessWindows(capabilities), replaces: "capabilities_baseline" },
    ],
  },
  {
    id: "procMount_restricted",
    versions: [{ since: 35, run: procMount, replaces: "procMount" }],
  },
  {
    id: "restrictedVolumes",
    versions: [{ since: 0, run: restrictedVolumes, replaces: "hostPathVolumes" }],
  },
  {
    id: "runAsNonRoot",
    versions: [
      { since: 0, run: runAsNonRoot },
      { since: 35, run: unlessUserNamespace(runAsNonRoot) },
    ],
  },
  {
    id: "runAsUser",
    versions: [{ since: 23, run: runAsUser }, { since: 35, run: unlessUserNamespace(runAsUser) }],
  },
  {
    id: "seccompProfile_restricted",
    versions: [
      { since: 19, run: seccomp, replaces: "seccompProfile_baseline" },
      { since: 25, run: unlessWindows(seccomp), replaces: "seccompProfile_baseline" },
    ],
  },
];

function allowPrivilegeEscalation({ spec }: PodLike): Violation | undefined {
  const names = namesWhere(
    spec,
    ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
  );
  if (names.length === 0) return undefined;
  return {
    reason: "allowPrivilegeEscalation != false",
    detail: `${namedContainers(names)} must set securityContext.allowPrivilegeEscalation=false`,
  };
}

function capabilities({ spec }: PodLike): Violation | undefined {
  const forbidden = ({ securityContext }: Container) =>
    (securityContext?.capabilities?.add ?? []).filter((one) => one !== "NET_BIND_SERVICE");
  const keeping = namesWhere(
    spec,
    ({ securityContext }) => !securityContext?.capabilities?.drop?.includes("ALL"),
  );
  const adding = namesWhere(spec, (container) => forbidden(container).length > 0);
  const details: string[] = [];
  if (keeping.length > 0) {
    details.push(`${namedContainers(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  }
  if (adding.length > 0) {
    const added = sorted(containersOf(spec).flatMap(forbidden));
    details.push(
      `${namedContainers(adding)} must not include ${quoted(added)} in ` +
        "securityContext.capabilities.add",
    );
  }
  if (details.length === 0) return undefined;
  return { reason: "unrestricted capabilities", detail: details.join("; ") };
}

function restrictedVolumes({ spec }: PodLike): Violation | undefined {
  const types = new Map((spec.volumes ?? []).flatMap((volume): [string, string][] => {
    const source = Object.entries(volume).find(([key, value]) => key !== "name" && value)?.[0];
    return source !== undefined && allowedVolumes.has(source)
      ? []
      : [[volume.name, source ?? "unknown"]];
  }));
  if (types.size === 0) return undefined;
  const names = [...types.keys()];
  const used = sorted(types.values());
  return {
    reason: "restricted volume types",
    detail: `${plural("volume", names)} ${quoted(names)} ${names.length === 1 ? "uses" : "use"} ` +
      `${plural("restricted volume type", used)} ${quoted(used)}`,
  };
}

function runAsNonRoot({ spec }: PodLike): Violation | undefined {
  const pod = spec.securityContext?.runAsNonRoot;
  const own = ({ securityContext }: Container) => securityContext?.runAsNonRoot;
  const reason = "runAsNonRoot != true";
  const explicit = namesWhere(spec, (container) => own(container) === false);
  if (pod === false || explicit.length > 0) {
    const who = setters(pod === false, explicit);
    return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` };
  }
  const implicit = pod ? [] : namesWhere(spec, (container) => own(container) === undefined);
  if (implicit.length === 0) return undefined;
  return {
    reason,
    detail: `pod or ${namedContainers(implicit)} must set securityContext.runAsNonRoot=true`,
  };
}

function runAsUser({ spec }: PodLike): Violation | undefined {
  const pod = spec.securityContext?.runAsUser === 0;
  const containers = namesWhere(spec, ({ securityContext }) => securityContext?.runAsUser === 0);
  if (!pod && containers.length === 0) return undefined;
  return {
    reason: "runAsUser=0",
    detail: `${setters(pod, containers)} must not set runAsUser=0`,
  };
}

function seccomp(pod: PodLike): Violation | undefined {
  const explicit = seccompProfile(pod);
  if (explicit) return explicit;
  const { spec } = pod;
  if (confines(spec.securityContext?.seccompProfile?.type)) return undefined;
  const names = namesWhere(spec, ({ securityContext }) => !securityContext?.seccompProfile);
  if (names.length === 0) return undefined;
  return {
    reason: "seccompProfile",
    detail: `pod or ${namedContainers(names)} must set securityContext.seccompProfile.type to ` +
      '"RuntimeDefault" or "Localhost"',
  };
}
