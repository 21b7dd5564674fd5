import type {
  Container,
  EphemeralContainer,
  HTTPGetAction,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
} from "./types.gen.ts";
import { defaultPullPolicy } from "./image_reference.ts";
import { defaultResourceList } from "./resource_list.ts";
import { defaultVolume } from "./volume_defaults.ts";

/** Defaults of a pod template; returns the template, made if there was none. */
export function defaultPodTemplate(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const out = template ?? {};
  out.metadata ??= {};
  out.spec ??= {} as PodSpec;
  defaultPodSpec(out.spec);
  return out;
}

/** The defaults that pods and pod templates share. */
export function defaultPodSpec(spec: PodSpec): void {
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  for (const container of spec.initContainers ?? []) defaultContainer(container);
  for (const container of spec.containers ?? []) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
  spec.restartPolicy ||= "Always";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ||= "ClusterFirst";
  spec.securityContext ??= {};
  spec.schedulerName ||= "default-scheduler";
  defaultServiceAccount(spec);
  defaultResourceList(spec.overhead);
  defaultResources(spec.resources);
}

/** `serviceAccount` is the old name of `serviceAccountName`; both are always the same. */
function defaultServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image);
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  container.resources ??= {};
  defaultResources(container.resources);
  for (const port of container.ports ?? []) port.protocol ||= "TCP";
  for (const env of container.env ?? []) {
    const source = env.valueFrom;
    if (source?.fieldRef) source.fieldRef.apiVersion ||= "v1";
    if (source?.resourceFieldRef) source.resourceFieldRef.divisor ??= "0";
    if (source?.fileKeyRef) source.fileKeyRef.optional ??= false;
  }
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  defaultHttpGet(container.lifecycle?.postStart?.httpGet);
  defaultHttpGet(container.lifecycle?.preStop?.httpGet);
}

function defaultProbe(probe: Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttpGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= "";
}

function defaultHttpGet(action: HTTPGetAction | undefined): void {
  if (!action) return;
  action.path ||= "/";
  action.scheme ||= "HTTP";
}

function defaultResources(resources: ResourceRequirements | undefined): void {
  defaultResourceList(resources?.limits);
  defaultResourceList(resources?.requests);
}
