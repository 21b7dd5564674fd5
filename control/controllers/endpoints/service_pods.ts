import type {
  ContainerPort,
  Pod,
  Service,
  ServicePort,
} from "../../../shared/api/core/v1/types.gen.ts";
import type { Informer } from "../../../shared/informer/informer.ts";
import { keyOf } from "../../../shared/informer/informer.ts";
import { fromLabels, type LabelMatcher } from "../../../shared/meta/labels.ts";
import { isReady, isTerminal } from "../pods/pod_state.ts";

/** A port that a pod offers to a service. */
export interface ResolvedPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly appProtocol?: string;
}

const selectors = new WeakMap<Service, LabelMatcher>();

/** What a service selects; undefined if its endpoints are not ours to make. */
export function selectorOf(service: Service): LabelMatcher | undefined {
  const { selector, type } = service.spec ?? {};
  if (type === "ExternalName" || Object.keys(selector ?? {}).length === 0) return undefined;
  let matcher = selectors.get(service);
  if (!matcher) selectors.set(service, matcher = fromLabels(selector));
  return matcher;
}

export function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIP === "None";
}

/** Whether a pod can be reached at all, well or not. */
export function hasEndpoint(pod: Pod): boolean {
  return !isTerminal(pod) && (pod.status?.podIPs?.length ?? 0) > 0;
}

/** The service's ports as this pod has them: a named target that the pod does not offer is left out. */
export function portsOf(service: Service, pod: Pod): readonly ResolvedPort[] {
  const ports: ResolvedPort[] = [];
  for (const servicePort of service.spec?.ports ?? []) {
    const port = targetOf(servicePort, pod);
    if (port === undefined) continue;
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    ports.push({ name, protocol, port, ...(appProtocol !== undefined && { appProtocol }) });
  }
  return ports;
}

function targetOf(servicePort: ServicePort, pod: Pod): number | undefined {
  const { targetPort, port, protocol = "TCP" } = servicePort;
  if (targetPort === undefined || targetPort === 0 || targetPort === "") return port;
  if (typeof targetPort === "number") return targetPort;
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === "Always");
  const isTarget = ({ name, protocol: offered = "TCP" }: ContainerPort) =>
    name === targetPort && offered === protocol;
  for (const { ports } of [...containers, ...sidecars]) {
    const found = ports?.find(isTarget);
    if (found) return found.containerPort;
  }
  return undefined;
}

/** The name under which the pod is known in the service's domain, if any. */
export function hostnameOf(service: Service, pod: Pod): string | undefined {
  const { hostname, subdomain } = pod.spec ?? {};
  return hostname && subdomain === service.metadata.name ? hostname : undefined;
}

/** Enqueues services when they, or pods that they select, change in a way that endpoints show. */
export function enqueueServices(
  services: Informer<Service>,
  pods: Informer<Pod>,
  enqueue: (key: string) => void,
): void {
  services.onChange((service, previous) => enqueue(keyOf((service ?? previous)!)));
  pods.onChange((pod, previous) => {
    if (pod && previous && shownOf(pod) === shownOf(previous)) return;
    const { namespace } = (pod ?? previous)!.metadata;
    for (const service of services.list(namespace)) {
      const matcher = selectorOf(service);
      const concerned = (pod && matcher?.matches(pod.metadata.labels)) ||
        (previous && matcher?.matches(previous.metadata.labels));
      if (concerned) enqueue(keyOf(service));
    }
  });
}

/** Everything about a pod that its endpoints depend on, to be compared. */
function shownOf(pod: Pod): string {
  const { metadata: { uid, labels, deletionTimestamp }, spec, status } = pod;
  return JSON.stringify([
    uid,
    labels,
    deletionTimestamp !== undefined,
    isReady(pod),
    isTerminal(pod),
    status?.podIPs,
    spec?.nodeName,
    spec?.hostname,
    spec?.subdomain,
  ]);
}
