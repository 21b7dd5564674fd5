import type {
  Container,
  Pod,
  PodSpec,
  ServiceAccount,
  Volume,
} from "../../../shared/api/core/v1/types.gen.ts";
import { nameSuffix } from "../../../shared/clock/random.ts";
import { podReferences } from "../../authorization/pod_references.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import { refusal } from "../refusal.ts";

const TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME_PREFIX = "kube-api-access-";
const MIRROR = "kubernetes.io/config.mirror";
const ENFORCE_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets";
/** An hour, and a mark by which the issuer knows that nobody chose it (KEP-1205). */
const TOKEN_SECONDS = 3607;

/**
 * Gives every pod the identity of a service account: its name, its token as a projected volume, its pull secrets.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/.
 */
export function serviceAccount({ reader, random }: PluginDependencies): AdmissionPlugin {
  const accountOf = (attributes: Attributes, name: string) => {
    const { namespace } = attributes;
    const found = reader.get<ServiceAccount>("", "serviceaccounts", namespace, name);
    if (found) return found;
    throw refusal(
      attributes,
      `error looking up service account ${namespace}/${name}: serviceaccount ` +
        `${JSON.stringify(name)} not found`,
    );
  };
  return {
    name: "ServiceAccount",
    handles: ({ kind, operation, subresource }) =>
      kind.group === "" && kind.plural === "pods" && operation === "CREATE" && subresource === "",
    admit(attributes) {
      const pod = attributes.object as Pod;
      const spec = pod.spec!;
      if (isMirror(pod)) return checkMirror(pod, attributes);
      const name = spec.serviceAccountName || spec.serviceAccount || "default";
      spec.serviceAccountName = name;
      spec.serviceAccount = name;
      const account = accountOf(attributes, name);
      if (mounts(spec, account)) mountToken(spec, VOLUME_PREFIX + nameSuffix(random));
      if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        spec.imagePullSecrets = structuredClone(account.imagePullSecrets);
      }
    },
    validate(attributes) {
      const pod = attributes.object as Pod;
      if (isMirror(pod)) return checkMirror(pod, attributes);
      const account = accountOf(attributes, pod.spec?.serviceAccountName || "default");
      const why = isLimited(account) && unlistedSecret(pod.spec!, account);
      if (why) throw refusal(attributes, why);
    },
  };
}

function isMirror(pod: Pod): boolean {
  return pod.metadata.annotations?.[MIRROR] !== undefined;
}

/** What a node itself decides to run may not borrow anything from the API. */
function checkMirror(pod: Pod, attributes: Attributes): void {
  const spec = pod.spec!;
  if (spec.serviceAccountName) {
    throw refusal(attributes, "a mirror pod may not reference service accounts");
  }
  if (podReferences(pod).secrets.size > 0) {
    throw refusal(attributes, "a mirror pod may not reference secrets");
  }
  const sources = (spec.volumes ?? []).flatMap((volume) => volume.projected?.sources ?? []);
  if (sources.some((source) => source.serviceAccountToken)) {
    throw refusal(
      attributes,
      "a mirror pod may not use service account token volume projections",
    );
  }
}

function mounts(spec: PodSpec, account: ServiceAccount): boolean {
  return spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

function mountToken(spec: PodSpec, freshName: string): void {
  const existing = spec.volumes?.find(({ name }) => name.startsWith(VOLUME_PREFIX));
  const name = existing?.name ?? freshName;
  let needed = false;
  for (const container of [...spec.initContainers ?? [], ...spec.containers]) {
    if (container.volumeMounts?.some(({ mountPath }) => mountPath === TOKEN_PATH)) continue;
    (container.volumeMounts ??= []).push({ name, readOnly: true, mountPath: TOKEN_PATH });
    needed = true;
  }
  if (!existing && needed) (spec.volumes ??= []).push(tokenVolume(name));
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{
              path: "namespace",
              fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" },
            }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}

function isLimited(account: ServiceAccount): boolean {
  const value = account.metadata.annotations?.[ENFORCE_MOUNTABLE] ?? "";
  return ["1", "t", "T", "TRUE", "true", "True"].includes(value);
}

/** Why the pod may not use one of its secrets; undefined if the account lists them all. */
function unlistedSecret(spec: PodSpec, account: ServiceAccount): string | undefined {
  const name = account.metadata.name;
  const listed = new Set((account.secrets ?? []).map((secret) => secret.name));
  const end = `is not allowed because service account ${name} does not reference that`;
  for (const { secret } of spec.volumes ?? []) {
    const wanted = secret?.secretName;
    if (wanted && !listed.has(wanted)) {
      return `volume with secret.secretName=${JSON.stringify(wanted)} ${end} secret`;
    }
  }
  for (const [kind, containers] of containerGroups(spec)) {
    for (const container of containers) {
      const found = unlistedEnvironment(container, listed);
      if (found) return `${kind} ${container.name} with ${found} ${end} secret`;
    }
  }
  const pull = new Set((account.imagePullSecrets ?? []).map((secret) => secret.name));
  for (const [index, secret] of (spec.imagePullSecrets ?? []).entries()) {
    if (pull.has(secret.name)) continue;
    const wanted = JSON.stringify(secret.name ?? "");
    return `imagePullSecrets[${index}].name=${wanted} ${end} imagePullSecret`;
  }
  return undefined;
}

function containerGroups(spec: PodSpec): readonly [string, readonly Container[]][] {
  return [["init container", spec.initContainers ?? []], ["container", spec.containers]];
}

function unlistedEnvironment(
  container: Container,
  listed: ReadonlySet<string | undefined>,
): string | undefined {
  for (const { name, valueFrom } of container.env ?? []) {
    const wanted = valueFrom?.secretKeyRef?.name;
    if (wanted && !listed.has(wanted)) {
      return `envVar ${name} referencing secret.secretName=${JSON.stringify(wanted)}`;
    }
  }
  for (const { secretRef } of container.envFrom ?? []) {
    const wanted = secretRef?.name;
    if (wanted && !listed.has(wanted)) {
      return `envFrom referencing secret.secretName=${JSON.stringify(wanted)}`;
    }
  }
  return undefined;
}
