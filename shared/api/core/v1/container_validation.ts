import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { isDns1123Label, isPortName, isPortNumber } from "../../../meta/names.ts";
import { checkRequired, oneOf, optionalOneOf } from "../../validation.ts";
import { validateEnv, validateEnvFrom } from "./environment_validation.ts";
import {
  validateLifecycle,
  validateLivenessProbe,
  validateReadinessProbe,
} from "./probe_validation.ts";
import { validateResources } from "./resource_validation.ts";
import { validateSecurityContext } from "./security_context_validation.ts";
import {
  validateVolumeDevices,
  validateVolumeMounts,
  type Volumes,
} from "./volume_mount_validation.ts";
import type {
  Container,
  ContainerPort,
  ContainerResizePolicy,
  EphemeralContainer,
} from "./types.gen.ts";

/** What containers share with their pod. */
export interface PodContext {
  readonly volumes: Volumes;
  /** Names of the pod's resource claims. */
  readonly claimNames: ReadonlySet<string>;
  readonly gracePeriod: number;
  readonly restartPolicy: string;
  readonly hostUsers: boolean;
}

const protocols = ["SCTP", "TCP", "UDP"];
const restartPolicies = ["Always", "OnFailure", "Never"];

/** The containers that make up a pod. */
export function validateContainers(
  containers: readonly Container[] | undefined,
  context: PodContext,
  path: string,
): readonly FieldError[] {
  if (!containers?.length) return [required(path)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  containers.forEach((container, i) => {
    const at = `${path}[${i}]`;
    errors.push(...validateContainer(container, context, at));
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    errors.push(...validateRunning(container, context, at));
  });
  errors.push(...validateHostPortConflicts(containers, path));
  return errors;
}

/** The containers that run before the others, and those that keep running beside them. */
export function validateInitContainers(
  containers: readonly Container[] | undefined,
  regular: readonly Container[] | undefined,
  context: PodContext,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set((regular ?? []).map(({ name }) => name));
  containers?.forEach((container, i) => {
    const at = `${path}[${i}]`;
    errors.push(...validateContainer(container, context, at));
    const isSidecar = container.restartPolicy === "Always";
    if (isSidecar) errors.push(...validateRunning(container, context, at));
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    errors.push(...validateHostPortConflicts([container], path));
    if (isSidecar) return;
    for (const field of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const) {
      if (container[field] !== undefined) {
        const detail = "may not be set for init containers without restartPolicy=Always";
        errors.push(forbidden(`${at}.${field}`, detail));
      }
    }
  });
  return errors;
}

/** What is true of every container. */
export function validateContainer(
  container: Container | EphemeralContainer,
  context: PodContext,
  path: string,
): readonly FieldError[] {
  const errors = [...checkRequired(container.name, `${path}.name`, isDns1123Label)];
  errors.push(...validateImage(container.image, `${path}.image`));
  errors.push(...validateMessagePolicy(container.terminationMessagePolicy, path));
  errors.push(...validatePorts(container.ports, `${path}.ports`));
  errors.push(...validateEnv(container.env, `${path}.env`));
  errors.push(...validateEnvFrom(container.envFrom, `${path}.envFrom`));
  errors.push(...validateVolumeMounts(container, context.volumes, `${path}.volumeMounts`));
  errors.push(...validateVolumeDevices(container, context.volumes, `${path}.volumeDevices`));
  const pullPolicies = ["Always", "IfNotPresent", "Never"];
  errors.push(...oneOf(container.imagePullPolicy, `${path}.imagePullPolicy`, pullPolicies));
  errors.push(
    ...validateResources(container.resources ?? {}, context.claimNames, `${path}.resources`),
  );
  errors.push(
    ...validateResizePolicies(container.resizePolicy, context, `${path}.resizePolicy`),
  );
  errors.push(
    ...validateSecurityContext(container.securityContext, `${path}.securityContext`, context),
  );
  errors.push(
    ...optionalOneOf(container.restartPolicy, `${path}.restartPolicy`, restartPolicies),
  );
  return errors;
}

function validateRunning(
  container: Container,
  context: PodContext,
  path: string,
): readonly FieldError[] {
  return [
    ...validateLifecycle(container.lifecycle, context.gracePeriod, `${path}.lifecycle`),
    ...validateLivenessProbe(container.livenessProbe, `${path}.livenessProbe`),
    ...validateReadinessProbe(container.readinessProbe, `${path}.readinessProbe`),
    ...validateLivenessProbe(container.startupProbe, `${path}.startupProbe`),
  ];
}

function validateImage(image: string | undefined, path: string): readonly FieldError[] {
  if (!image) return [required(path)];
  return image.trim() === image
    ? []
    : [invalid(path, image, "must not have leading or trailing whitespace")];
}

function validateMessagePolicy(policy: string | undefined, path: string): readonly FieldError[] {
  const at = `${path}.terminationMessagePolicy`;
  return policy ? oneOf(policy, at, ["File", "FallbackToLogsOnError"]) : [required(at)];
}

function validatePorts(
  ports: readonly ContainerPort[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  ports?.forEach((port, i) => {
    const at = `${path}[${i}]`;
    if (port.name) {
      const messages = isPortName(port.name);
      errors.push(...messages.map((message) => invalid(`${at}.name`, port.name, message)));
      if (messages.length === 0 && names.has(port.name)) {
        errors.push(duplicate(`${at}.name`, port.name));
      }
      if (messages.length === 0) names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`));
    else errors.push(...validatePortNumber(port.containerPort, `${at}.containerPort`));
    if (port.hostPort) errors.push(...validatePortNumber(port.hostPort, `${at}.hostPort`));
    if (!port.protocol) errors.push(required(`${at}.protocol`));
    else errors.push(...oneOf(port.protocol, `${at}.protocol`, protocols));
  });
  return errors;
}

function validatePortNumber(port: number, path: string): readonly FieldError[] {
  return isPortNumber(port).map((message) => invalid(path, port, message));
}

/** Two containers cannot have the same port of the host. */
function validateHostPortConflicts(
  containers: readonly Container[],
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  containers.forEach(({ ports }, c) =>
    ports?.forEach(({ hostPort, hostIP = "", protocol }, p) => {
      if (!hostPort) return;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) errors.push(duplicate(`${path}[${c}].ports[${p}].hostPort`, key));
      taken.add(key);
    })
  );
  return errors;
}

function validateResizePolicies(
  policies: readonly ContainerResizePolicy[] | undefined,
  context: PodContext,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  policies?.forEach(({ resourceName, restartPolicy }, i) => {
    if (seen.has(resourceName)) errors.push(duplicate(`${path}[${i}]`, resourceName));
    seen.add(resourceName);
    if (!resourceName) errors.push(required(path));
    else errors.push(...oneOf(resourceName, path, ["cpu", "memory"]));
    const allowed = ["NotRequired", "RestartContainer"];
    if (!restartPolicy) errors.push(required(path));
    else if (!allowed.includes(restartPolicy)) {
      errors.push(notSupported(path, restartPolicy, allowed));
    }
    if (context.restartPolicy === "Never" && restartPolicy !== "NotRequired") {
      const detail = "must be 'NotRequired' when `restartPolicy` is 'Never'";
      errors.push(invalid(path, restartPolicy, detail));
    }
  });
  return errors;
}
