import type { Container, Node, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { badRequest, notFoundError } from "../../registry/errors.ts";
import type { StoreReader } from "../../registry/reader.ts";
import type { RequestInfo } from "../../server/request_context.ts";

const pods = { group: "", plural: "pods" };
/** Users name by it the container that commands are meant for. Source: Well-Known Labels, Annotations and Taints. */
const defaultContainerAnnotation = "kubectl.kubernetes.io/default-container";

/** The pod that a request names. Throws NotFound. */
export function podOf(reader: StoreReader, { namespace, name }: RequestInfo): Pod {
  const pod = reader.get<Pod>("", "pods", namespace, name);
  if (!pod) throw notFoundError(pods, name);
  return pod;
}

/** The container that is meant: the one asked for, else the only one or the pod's default. Throws BadRequest. */
export function containerOf(pod: Pod, asked: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const name = pod.metadata.name ?? "";
  if (asked !== "") {
    const all = [...containers, ...initContainers, ...ephemeralContainers];
    if (all.some((container) => container.name === asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  if (containers.length === 1) return containers[0]!.name;
  const preferred = pod.metadata.annotations?.[defaultContainerAnnotation];
  if (preferred && containers.some((container) => container.name === preferred)) return preferred;
  const missing = `a container name must be specified for pod ${name}`;
  if (containers.length === 0) throw badRequest(missing);
  const init = initContainers.length > 0
    ? ` or one of the init containers: [${namesOf(initContainers)}]`
    : "";
  throw badRequest(`${missing}, choose one of: [${namesOf(containers)}]${init}`);
}

/** The name of the node that runs the pod; undefined before it is scheduled. Throws NotFound for a node that is gone. */
export function nodeNameOf(reader: StoreReader, pod: Pod): string | undefined {
  const name = pod.spec?.nodeName;
  if (!name) return undefined;
  // The reference names the resource of the request, not that of the node.
  if (!reader.get<Node>("", "nodes", "", name)) throw notFoundError(pods, name);
  return name;
}

/** As `nodeNameOf`, for what needs a running pod. Throws BadRequest if there is no node yet. */
export function assignedNodeOf(reader: StoreReader, pod: Pod): string {
  const node = nodeNameOf(reader, pod);
  if (node === undefined) {
    throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  }
  return node;
}

function namesOf(containers: readonly Pick<Container, "name">[]): string {
  return containers.map(({ name }) => name).join(" ");
}
