import type { Container, Lifecycle, Probe } from "../../../shared/api/core/v1/types.gen.ts";
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
  type Violation,
} from "./check.ts";

const allowedCapabilities = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);
/** Sysctls that a pod may set, by the minor version that first allowed them. */
const allowedSysctls: Readonly<Record<string, number>> = {
  "kernel.shm_rmid_forced": 0,
  "net.ipv4.ip_local_port_range": 0,
  "net.ipv4.tcp_syncookies": 0,
  "net.ipv4.ping_group_range": 0,
  "net.ipv4.ip_unprivileged_port_start": 0,
  "net.ipv4.ip_local_reserved_ports": 27,
  "net.ipv4.tcp_keepalive_time": 29,
  "net.ipv4.tcp_fin_timeout": 29,
  "net.ipv4.tcp_keepalive_intvl": 29,
  "net.ipv4.tcp_keepalive_probes": 29,
  "net.ipv4.tcp_rmem": 32,
  "net.ipv4.tcp_wmem": 32,
  "net.ipv4.tcp_slow_start_after_idle": 37,
  "net.ipv4.tcp_notsent_lowat": 37,
};
const seLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t"];
const APPARMOR = "container.apparmor.security.beta.kubernetes.io/";

/**
 * The checks of level baseline, in the order in which they are reported.
 * Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline.
 */
export const baselineChecks: readonly Check[] = [
  { id: "appArmorProfile", versions: [{ since: 0, run: appArmorProfile }] },
  { id: "capabilities_baseline", versions: [{ since: 0, run: capabilities }] },
  { id: "hostNamespaces", versions: [{ since: 0, run: hostNamespaces }] },
  { id: "hostPathVolumes", versions: [{ since: 0, run: hostPathVolumes }] },
  { id: "hostPorts", versions: [{ since: 0, run: hostPorts }] },
  { id: "hostProbesAndHostLifecycle", versions: [{ since: 34, run: hostProbes }] },
  { id: "privileged", versions: [{ since: 0, run: privileged }] },
  {
    id: "procMount",
    versions: [{ since: 0, run: procMount }, { since: 35, run: unlessUserNamespace(procMount) }],
  },
  {
    id: "seLinuxOptions",
    versions: [
      { since: 0, run: seLinuxOptions(seLinuxTypes) },
      { since: 31, run: seLinuxOptions([...seLinuxTypes, "container_engine_t"]) },
    ],
  },
  {
    id: "seccompProfile_baseline",
    versions: [{ since: 0, run: seccompAnnotations }, { since: 19, run: seccompProfile }],
  },
  {
    id: "sysctls",
    versions: sorted(Object.values(allowedSysctls).map(String)).map(Number)
      .sort((a, b) => a - b).map((since) => ({ since, run: sysctls(since) })),
  },
  { id: "windowsHostProcess", versions: [{ since: 0, run: windowsHostProcess }] },
];

function appArmorProfile({ metadata, spec }: PodLike): Violation | undefined {
  const allowed = (type: string | undefined) =>
    type === undefined || type === "RuntimeDefault" || type === "Localhost";
  const podType = spec.securityContext?.appArmorProfile?.type;
  const typeOf = ({ securityContext }: Container) => securityContext?.appArmorProfile?.type;
  const containers = namesWhere(spec, (container) => !allowed(typeOf(container)));
  const types = sorted([podType, ...containersOf(spec).map(typeOf)]
    .filter((type): type is string => !allowed(type)));
  const annotations = sorted(
    Object.entries(metadata?.annotations ?? {})
      .filter(([key, value]) => key.startsWith(APPARMOR) && !allowedAppArmor(value))
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`),
  );
  const who = [
    setters(!allowed(podType), containers),
    ...(annotations.length > 0 ? [plural("annotation", annotations)] : []),
  ].filter(Boolean);
  if (who.length === 0) return undefined;
  const values = [...types, ...annotations];
  return {
    reason: plural("forbidden AppArmor profile", values),
    detail: `${who.join(" and ")} must not set AppArmor profile type to ${quoted(values)}`,
  };
}

function allowedAppArmor(profile: string): boolean {
  return profile === "" || profile === "runtime/default" || profile.startsWith("localhost/");
}

function capabilities({ spec }: PodLike): Violation | undefined {
  const forbidden = ({ securityContext }: Container) =>
    (securityContext?.capabilities?.add ?? []).filter((one) => !allowedCapabilities.has(one));
  const containers = namesWhere(spec, (container) => forbidden(container).length > 0);
  if (containers.length === 0) return undefined;
  const added = sorted(containersOf(spec).flatMap(forbidden));
  return {
    reason: "non-default capabilities",
    detail: `${namedContainers(containers)} must not include ${quoted(added)} in ` +
      "securityContext.capabilities.add",
  };
}

function hostNamespaces({ spec }: PodLike): Violation | undefined {
  const shared = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => spec[field]);
  if (shared.length === 0) return undefined;
  return {
    reason: "host namespaces",
    detail: shared.map((field) => `${field}=true`).join(", "),
  };
}

function hostPathVolumes({ spec }: PodLike): Violation | undefined {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
  if (names.length === 0) return undefined;
  return { reason: "hostPath volumes", detail: `${plural("volume", names)} ${quoted(names)}` };
}

function hostPorts({ spec }: PodLike): Violation | undefined {
  const portsOf = ({ ports }: Container) =>
    (ports ?? []).flatMap(({ hostPort }) => hostPort ? [String(hostPort)] : []);
  const containers = namesWhere(spec, (container) => portsOf(container).length > 0);
  if (containers.length === 0) return undefined;
  const ports = sorted(containersOf(spec).flatMap(portsOf));
  return {
    reason: "hostPort",
    detail: `${namedContainers(containers)} ${containers.length === 1 ? "uses" : "use"} ` +
      `${plural("hostPort", ports)} ${ports.join(", ")}`,
  };
}

function hostProbes({ spec }: PodLike): Violation | undefined {
  const hostsOf = (container: Container) => {
    const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
    return [
      ...[livenessProbe, readinessProbe, startupProbe].flatMap(hostsIn),
      ...[lifecycle?.postStart, lifecycle?.preStop].flatMap(hostsIn),
    ];
  };
  const containers = sorted(namesWhere(spec, (container) => hostsOf(container).length > 0));
  if (containers.length === 0) return undefined;
  const hosts = sorted(containersOf(spec).flatMap(hostsOf));
  return {
    reason: "probe or lifecycle host",
    detail: `${namedContainers(containers)} ${containers.length === 1 ? "uses" : "use"} ` +
      `${plural("probe or lifecycle host", hosts)} ${quoted(hosts)}`,
  };
}

function hostsIn(handler: Probe | Lifecycle["preStop"]): string[] {
  return [handler?.httpGet?.host, handler?.tcpSocket?.host].flatMap((host) => host ? [host] : []);
}

function privileged({ spec }: PodLike): Violation | undefined {
  const names = namesWhere(spec, ({ securityContext }) => securityContext?.privileged === true);
  if (names.length === 0) return undefined;
  return {
    reason: "privileged",
    detail: `${namedContainers(names)} must not set securityContext.privileged=true`,
  };
}

/** Also a check of level restricted, where a user namespace is no excuse. */
export function procMount({ spec }: PodLike): Violation | undefined {
  const typeOf = ({ securityContext }: Container) => securityContext?.procMount ?? "Default";
  const names = namesWhere(spec, (container) => typeOf(container) !== "Default");
  if (names.length === 0) return undefined;
  const types = sorted(containersOf(spec).map(typeOf).filter((type) => type !== "Default"));
  return {
    reason: "procMount",
    detail: `${namedContainers(names)} must not set securityContext.procMount to ${quoted(types)}`,
  };
}

function seLinuxOptions(allowed: readonly string[]): (pod: PodLike) => Violation | undefined {
  type Options = NonNullable<Container["securityContext"]>["seLinuxOptions"];
  const isBad = (options: Options) =>
    options !== undefined &&
    (!allowed.includes(options.type ?? "") || Boolean(options.user) || Boolean(options.role));
  return ({ spec }) => {
    const pod = spec.securityContext?.seLinuxOptions;
    const containers = namesWhere(spec, (one) => isBad(one.securityContext?.seLinuxOptions));
    if (!isBad(pod) && containers.length === 0) return undefined;
    const all = [pod, ...containersOf(spec).map((one) => one.securityContext?.seLinuxOptions)]
      .filter((options) => options !== undefined);
    const types = sorted(all.map(({ type }) => type ?? "").filter((one) => !allowed.includes(one)));
    const detail = [
      ...(types.length > 0 ? [`${plural("type", types)} ${quoted(types)}`] : []),
      ...(all.some(({ user }) => user) ? ["user may not be set"] : []),
      ...(all.some(({ role }) => role) ? ["role may not be set"] : []),
    ].join("; ");
    return {
      reason: "seLinuxOptions",
      detail: `${setters(isBad(pod), containers)} set forbidden securityContext.seLinuxOptions: ` +
        detail,
    };
  };
}

function seccompAnnotations({ metadata, spec }: PodLike): Violation | undefined {
  const keys = [
    "seccomp.security.alpha.kubernetes.io/pod",
    ...containersOf(spec).map(({ name }) =>
      `container.seccomp.security.alpha.kubernetes.io/${name}`
    ),
  ];
  const allowed = (value: string) =>
    value === "runtime/default" || value === "docker/default" || value.startsWith("localhost/");
  const forbidden = sorted(keys.flatMap((key) => {
    const value = metadata?.annotations?.[key];
    return value === undefined || allowed(value) ? [] : [`${key}=${JSON.stringify(value)}`];
  }));
  if (forbidden.length === 0) return undefined;
  return {
    reason: "seccompProfile",
    detail: `forbidden ${plural("annotation", forbidden)} ${forbidden.join(", ")}`,
  };
}

/** Whether a seccomp profile is one of those that confine. */
export function confines(type: string | undefined): boolean {
  return type === "RuntimeDefault" || type === "Localhost";
}

/** Profiles that are set, and not good. */
export function seccompProfile({ spec }: PodLike): Violation | undefined {
  const isBad = (type: string | undefined) => type !== undefined && !confines(type);
  const typeOf = ({ securityContext }: Container) => securityContext?.seccompProfile?.type;
  const pod = spec.securityContext?.seccompProfile?.type;
  const containers = namesWhere(spec, (container) => isBad(typeOf(container)));
  if (!isBad(pod) && containers.length === 0) return undefined;
  const types = sorted([pod, ...containersOf(spec).map(typeOf)]
    .filter((type): type is string => isBad(type)));
  return {
    reason: "seccompProfile",
    detail: `${setters(isBad(pod), containers)} must not set securityContext.seccompProfile.type ` +
      `to ${quoted(types)}`,
  };
}

function sysctls(version: number): (pod: PodLike) => Violation | undefined {
  return ({ spec }) => {
    const names = (spec.securityContext?.sysctls ?? []).map(({ name }) => name)
      .filter((name) => (allowedSysctls[name] ?? Infinity) > version);
    if (names.length === 0) return undefined;
    return { reason: "forbidden sysctls", detail: names.join(", ") };
  };
}

function windowsHostProcess({ spec }: PodLike): Violation | undefined {
  const pod = spec.securityContext?.windowsOptions?.hostProcess === true;
  const containers = namesWhere(
    spec,
    ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true,
  );
  if (!pod && containers.length === 0) return undefined;
  return {
    reason: "hostProcess",
    detail: `${setters(pod, containers)} must not set ` +
      "securityContext.windowsOptions.hostProcess=true",
  };
}
