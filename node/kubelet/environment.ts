import type {
  Container,
  EnvFromSource,
  EnvVar,
  Pod,
  Service,
} from "../../shared/api/core/v1/types.gen.ts";
import { configMapData, secretData } from "../volumes/payload.ts";
import { podField, resourceField } from "../volumes/downward_fields.ts";
import type { ObjectSource } from "../volumes/plugin.ts";
import { expand } from "./expansion.ts";
import { serviceEnvironment } from "./service_environment.ts";

export interface EnvironmentContext {
  readonly objects: ObjectSource;
  readonly allocatable: Readonly<Record<string, string>>;
  /** Services whose variables the pod gets: of its namespace, and the API's own. */
  readonly services: readonly Service[];
}

/** A container cannot be configured: something it refers to is missing. Its status waits with this message. */
export class ContainerConfigError extends Error {
  override readonly name = "ContainerConfigError";
}

/**
 * A container's environment. Later sources win: services, then `envFrom` in order, then `env` in order, where a
 * value may refer to what comes before it. Rejects with ContainerConfigError.
 */
export async function containerEnvironment(
  pod: Pod,
  container: Container,
  context: EnvironmentContext,
): Promise<Map<string, string>> {
  const services = serviceEnvironment(context.services);
  const result = new Map<string, string>();
  for (const source of container.envFrom ?? []) {
    for (const [name, value] of await fromSource(pod, source, context)) result.set(name, value);
  }
  const known = new Map([...services, ...result]);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await fromReference(pod, container, variable, context)
      : expand(variable.value ?? "", known);
    if (value === undefined) continue;
    result.set(variable.name, value);
    known.set(variable.name, value);
  }
  for (const [name, value] of services) if (!result.has(name)) result.set(name, value);
  return result;
}

async function fromSource(
  pod: Pod,
  source: EnvFromSource,
  { objects }: EnvironmentContext,
): Promise<[string, string][]> {
  const namespace = pod.metadata.namespace ?? "";
  const { prefix = "", configMapRef, secretRef } = source;
  const named = (data: ReadonlyMap<string, Uint8Array>): [string, string][] =>
    Array.from(data, ([key, value]) => [prefix + key, text(value)]);
  if (configMapRef) {
    const found = await objects.configMap(namespace, configMapRef.name ?? "");
    if (found) return named(configMapData(found));
    if (configMapRef.optional) return [];
    throw new ContainerConfigError(`configmap "${configMapRef.name}" not found`);
  }
  if (!secretRef) return [];
  const found = await objects.secret(namespace, secretRef.name ?? "");
  if (found) return named(secretData(found));
  if (secretRef.optional) return [];
  throw new ContainerConfigError(`secret "${secretRef.name}" not found`);
}

/** Undefined when an optional key is not there: the variable is left out. */
async function fromReference(
  pod: Pod,
  container: Container,
  { valueFrom = {} }: EnvVar,
  { objects, allocatable }: EnvironmentContext,
): Promise<string | undefined> {
  const namespace = pod.metadata.namespace ?? "";
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  try {
    if (fieldRef) return podField(pod, fieldRef.fieldPath);
    if (resourceFieldRef) return resourceField(pod, resourceFieldRef, allocatable, container);
  } catch (error) {
    throw new ContainerConfigError(error instanceof Error ? error.message : String(error));
  }
  if (configMapKeyRef) {
    const found = await objects.configMap(namespace, configMapKeyRef.name ?? "");
    const data = found && configMapData(found);
    return keyOf(data, { ...configMapKeyRef, kind: "ConfigMap", namespace });
  }
  if (secretKeyRef) {
    const found = await objects.secret(namespace, secretKeyRef.name ?? "");
    return keyOf(found && secretData(found), { ...secretKeyRef, kind: "Secret", namespace });
  }
  return undefined;
}

interface KeyReference {
  readonly kind: "ConfigMap" | "Secret";
  readonly namespace: string;
  readonly name?: string | undefined;
  readonly key: string;
  readonly optional?: boolean | undefined;
}

function keyOf(
  data: ReadonlyMap<string, Uint8Array> | undefined,
  { kind, namespace, name, key, optional }: KeyReference,
): string | undefined {
  const value = data?.get(key);
  if (value) return text(value);
  if (optional) return undefined;
  if (!data) throw new ContainerConfigError(`${kind.toLowerCase()} "${name}" not found`);
  throw new ContainerConfigError(`couldn't find key ${key} in ${kind} ${namespace}/${name}`);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
