import {
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
} from "../../../meta/field_error.ts";
import { internalValue } from "../../internal_value.ts";
import { optionalOneOf } from "../../validation.ts";
import { validateDescendingPath } from "./path_validation.ts";
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  Sysctl,
  WindowsSecurityContextOptions,
} from "./types.gen.ts";

const MAX_ID = 2147483647;
const MAX_SYSCTL_LENGTH = 253;
const MAX_APPARMOR_LENGTH = 4095;
const sysctlFormat = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const sysctlPattern = new RegExp(sysctlFormat);
const profileTypes = ["Localhost", "RuntimeDefault", "Unconfined"];

/** The security settings of one container. `hostUsers`: whether its pod shares the users of the host. */
export function validateSecurityContext(
  context: SecurityContext | undefined,
  path: string,
  options: { readonly hostUsers: boolean },
): readonly FieldError[] {
  if (!context) return [];
  const errors: FieldError[] = [];
  errors.push(...validateId(context.runAsUser, `${path}.runAsUser`));
  errors.push(...validateId(context.runAsGroup, `${path}.runAsGroup`));
  errors.push(...validateProcMount(context.procMount, `${path}.procMount`, options));
  errors.push(...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`));
  if (context.allowPrivilegeEscalation === false) {
    errors.push(...validateNoEscalation(context, path));
  }
  errors.push(...validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`));
  errors.push(...validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`));
  return errors;
}

/** The security settings of a pod. */
export function validatePodSecurityContext(
  context: PodSecurityContext | undefined,
  path: string,
): readonly FieldError[] {
  if (!context) return [];
  const errors: FieldError[] = [];
  errors.push(...validateId(context.fsGroup, `${path}.fsGroup`));
  errors.push(...validateId(context.runAsUser, `${path}.runAsUser`));
  errors.push(...validateId(context.runAsGroup, `${path}.runAsGroup`));
  context.supplementalGroups?.forEach((group, i) => {
    errors.push(...validateId(group, `${path}.supplementalGroups[${i}]`));
  });
  errors.push(...validateSysctls(context.sysctls, `${path}.sysctls`));
  errors.push(
    ...optionalOneOf(context.fsGroupChangePolicy, `${path}.fsGroupChangePolicy`, [
      "Always",
      "OnRootMismatch",
    ]),
  );
  errors.push(...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`));
  errors.push(...validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`));
  errors.push(...validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`));
  errors.push(
    ...optionalOneOf(context.supplementalGroupsPolicy, `${path}.supplementalGroupsPolicy`, [
      "Merge",
      "Strict",
    ]),
  );
  errors.push(
    ...optionalOneOf(context.seLinuxChangePolicy, `${path}.seLinuxChangePolicy`, [
      "MountOption",
      "Recursive",
    ]),
  );
  return errors;
}

/** What pods that share namespaces with their host cannot have. `path` is that of the pod spec. */
export function validateHostNamespaces(spec: PodSpec, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (spec.shareProcessNamespace && spec.hostPID) {
    const detail = "ShareProcessNamespace and HostPID cannot both be enabled";
    errors.push(invalid(`${path}.shareProcessNamespace`, true, detail));
  }
  return errors;
}

function validateId(id: number | undefined, path: string): readonly FieldError[] {
  return id === undefined || (id >= 0 && id <= MAX_ID)
    ? []
    : [invalid(path, id, `must be between 0 and ${MAX_ID}, inclusive`)];
}

function validateProcMount(
  procMount: string | undefined,
  path: string,
  options: { readonly hostUsers: boolean },
): readonly FieldError[] {
  const errors = [...optionalOneOf(procMount, path, ["Default", "Unmasked"])];
  if (procMount === "Unmasked" && options.hostUsers) {
    errors.push(invalid(path, procMount, "`hostUsers` must be false to use `Unmasked`"));
  }
  return errors;
}

function validateNoEscalation(context: SecurityContext, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (what: string) =>
    errors.push(invalid(
      path,
      internalValue("k8s.io.api.core.v1.SecurityContext", context),
      `cannot set \`allowPrivilegeEscalation\` to false and ${what}`,
    ));
  if (context.privileged) refuse("`privileged` to true");
  if (context.capabilities?.add?.includes("CAP_SYS_ADMIN")) {
    refuse("`capabilities.Add` CAP_SYS_ADMIN");
  }
  return errors;
}

function validateSeccomp(
  profile: SeccompProfile | undefined,
  path: string,
): readonly FieldError[] {
  if (!profile) return [];
  const errors = [
    ...validateProfileType(profile.type, path, "type is required when seccompProfile is set"),
  ];
  const at = `${path}.localhostProfile`;
  if (profile.type === "Localhost") {
    if (profile.localhostProfile === undefined) {
      errors.push(required(at, "must be set when seccomp type is Localhost"));
    } else errors.push(...validateDescendingPath(profile.localhostProfile, at));
  } else if (profile.localhostProfile !== undefined) {
    const shown = internalValue("k8s.io.api.core.v1.SeccompProfile", profile);
    errors.push(invalid(at, shown, "can only be set when seccomp type is Localhost"));
  }
  return errors;
}

function validateAppArmor(
  profile: AppArmorProfile | undefined,
  path: string,
): readonly FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile: name } = profile;
  const errors = [
    ...validateProfileType(type, path, "type is required when appArmorProfile is set"),
  ];
  const at = `${path}.localhostProfile`;
  if (type !== "Localhost") {
    if (name !== undefined) {
      errors.push(invalid(at, name, "can only be set when AppArmor type is Localhost"));
    }
    return errors;
  }
  const trimmed = name?.trim();
  if (!trimmed) errors.push(required(at, "must be set when AppArmor type is Localhost"));
  else if (trimmed !== name) {
    errors.push(invalid(at, name, "must not be padded with whitespace"));
  }
  if ((trimmed?.length ?? 0) > MAX_APPARMOR_LENGTH) errors.push(tooLong(at, MAX_APPARMOR_LENGTH));
  return errors;
}

function validateProfileType(
  type: string | undefined,
  path: string,
  missing: string,
): readonly FieldError[] {
  if (!type) return [required(`${path}.type`, missing)];
  return profileTypes.includes(type) ? [] : [notSupported(`${path}.type`, type, profileTypes)];
}

function validateSysctls(
  sysctls: readonly Sysctl[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  sysctls?.forEach(({ name }, i) => {
    const at = `${path}[${i}].name`;
    if (!name) errors.push(required(at));
    else if (name.length > MAX_SYSCTL_LENGTH || !sysctlPattern.test(name)) {
      const detail =
        `must have at most ${MAX_SYSCTL_LENGTH} characters and match regex ${sysctlFormat}`;
      errors.push(invalid(at, name, detail));
    } else if (names.has(name)) {
      errors.push({
        path: at,
        reason: "FieldValueDuplicate",
        message: `Duplicate value: ${JSON.stringify(name)}`,
      });
    }
    names.add(name);
  });
  return errors;
}

function validateWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (options?.gmsaCredentialSpec === "") {
    const detail = "gmsaCredentialSpec cannot be an empty string";
    errors.push(invalid(`${path}.gmsaCredentialSpec`, "", detail));
  }
  if (options?.runAsUserName === "") {
    const detail = "runAsUserName cannot be an empty string";
    errors.push(invalid(`${path}.runAsUserName`, "", detail));
  }
  return errors;
}
