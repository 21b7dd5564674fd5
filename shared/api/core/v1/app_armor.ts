import type { AppArmorProfile, Container, Pod } from "./types.gen.ts";

/** Annotations that named the AppArmor profile of a container before it had a field (KEP-24). */
export const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";

const local = "localhost/";

/** The profile that the annotation's value means; undefined for one that means nothing. */
export function appArmorProfileOf(value: string): AppArmorProfile | undefined {
  if (value === "unconfined") return { type: "Unconfined" };
  if (value === "runtime/default") return { type: "RuntimeDefault" };
  if (!value.startsWith(local) || value === local) return undefined;
  return { type: "Localhost", localhostProfile: value.slice(local.length) };
}

/** Carries the annotations of a new pod over to its containers' fields, where those are not set. */
export function fillAppArmorProfiles({ metadata: { annotations }, spec }: Pod): void {
  if (!annotations || !spec || spec.os?.name === "windows") return;
  const fromPod = spec.securityContext?.appArmorProfile;
  const all: Container[] = [...spec.initContainers ?? [], ...spec.containers ?? []];
  for (const container of all) {
    const value = annotations[appArmorPrefix + container.name];
    const profile = value === undefined ? undefined : appArmorProfileOf(value);
    if (!profile || container.securityContext?.appArmorProfile) continue;
    if (isSameProfile(fromPod, profile)) continue;
    container.securityContext = { ...container.securityContext, appArmorProfile: profile };
  }
}

/** Whether the two name the same profile. */
export function isSameProfile(a: AppArmorProfile | undefined, b: AppArmorProfile): boolean {
  return a?.type === b.type && (a.localhostProfile ?? "") === (b.localhostProfile ?? "");
}
