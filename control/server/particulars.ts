import type { TokenRequest } from "../../shared/api/authentication/v1/types.gen.ts";
import type { Binding } from "../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { Eviction } from "../../shared/api/policy/v1/types.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import {
  defaultTokenRequest,
  type ServiceAccountIssuer,
} from "../authentication/service_account_issuer.ts";
import { type ReviewDependencies, reviewHandlers } from "../authorization/reviews.ts";
import { definitionHooks } from "../apiextensions/definition_hooks.ts";
import { componentStatuses } from "../endpoints/handlers/component_status.ts";
import { creatingSubresource, virtualResource } from "../endpoints/handlers/virtual.ts";
import { type Subresource, writeScope } from "../endpoints/resource_request.ts";
import { approvalStrategy } from "../../shared/api/certificates/v1/certificate_signing_request.ts";
import { namespaceFinalize } from "../registry/core/namespace_finalize.ts";
import { namespaceHooks } from "../registry/core/namespace_hooks.ts";
import { bindPod, podBindingPart } from "../registry/core/pod_binding.ts";
import { evictPod } from "../registry/core/pod_eviction.ts";
import { podEphemeralContainers, podResize } from "../registry/core/pod_parts.ts";
import type { ServiceAllocation } from "../registry/core/service_allocation.ts";
import type { StoreReader } from "../registry/reader.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import type { AdmissionChain, SubresourceStrategy } from "../registry/store_types.ts";
import type { Particulars } from "./install.ts";

export interface ParticularsOptions {
  readonly services: ServiceAllocation;
  readonly tokens: ServiceAccountIssuer;
  readonly reviews: ReviewDependencies;
  readonly reader: StoreReader;
  readonly clock: Clock;
  readonly admission: AdmissionChain;
  /** The store of a kind, once it is installed. */
  readonly storeOf: (group: string, plural: string) => ResourceStore;
  /** Endpoints that talk to nodes (log, exec, attach, portforward, proxy), by `group/plural`. */
  readonly connections: Readonly<Record<string, readonly Subresource[]>>;
}

/** What built-in kinds have beyond their declaration: the only such table. */
export function builtinParticulars(options: ParticularsOptions): Particulars {
  const { services, connections } = options;
  const connect = (name: string) => connections[name] ?? [];
  return {
    hooks: {
      "/namespaces": namespaceHooks,
      "/services": services,
      "apiextensions.k8s.io/customresourcedefinitions": definitionHooks,
    },
    parts: {
      "/namespaces": { finalize: namespaceFinalize as SubresourceStrategy },
      "/pods": {
        ephemeralcontainers: podEphemeralContainers as SubresourceStrategy,
        resize: podResize as SubresourceStrategy,
      },
      "certificates.k8s.io/certificatesigningrequests": {
        approval: approvalStrategy as SubresourceStrategy,
      },
    },
    innerParts: { "/pods": { binding: podBindingPart } },
    subresources: {
      "/pods": (store) => [...podSubresources(store, options), ...connect("/pods")],
      "/services": () => connect("/services"),
      "/nodes": () => connect("/nodes"),
      "/serviceaccounts": () => [tokenSubresource(options)],
    },
    virtual: virtualResources(options),
  };
}

function podSubresources(
  pods: ResourceStore,
  { reader, clock, storeOf, admission }: ParticularsOptions,
): Subresource[] {
  return [
    creatingSubresource(
      { name: "binding", responseKind: { group: "", version: "v1", kind: "Binding" }, admission },
      (object, request, { dryRun }) =>
        bindPod(object as Binding, request.info.name, {
          store: pods,
          kind: pods.kind,
          scope: writeScope(request, dryRun),
          now: timestamp(clock.now()),
        }),
    ),
    creatingSubresource(
      {
        name: "eviction",
        responseKind: { group: "policy", version: "v1", kind: "Eviction" },
        admission,
      },
      (object, request, { dryRun }) =>
        evictPod(object as Eviction, request.info.name, {
          reader,
          pods,
          budgets: storeOf("policy", "poddisruptionbudgets"),
          podKind: pods.kind,
          scope: writeScope(request, dryRun),
          now: timestamp(clock.now()),
        }),
    ),
  ];
}

function tokenSubresource({ tokens, admission }: ParticularsOptions): Subresource {
  const responseKind = { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" };
  const strategy = {
    defaults: (object: KubeObject) => defaultTokenRequest(object as TokenRequest),
  };
  return creatingSubresource(
    { name: "token", responseKind, admission, strategy },
    async (object, { info }) => {
      const { namespace, name } = info;
      const { managedFields } = object.metadata;
      const answer = await tokens.answer(object as TokenRequest, { namespace, name });
      return {
        ...answer,
        metadata: { ...answer.metadata, ...(managedFields && { managedFields }) },
      } as KubeObject;
    },
  );
}

function virtualResources(options: ParticularsOptions): Particulars["virtual"] {
  const { reviews, clock, storeOf, admission } = options;
  const answers = Object.entries(reviewHandlers).map(([name, review]) => [
    name,
    virtualResource(
      (object, { user, info }) => review(object, { user, namespace: info.namespace }, reviews),
      admission,
    ),
  ]);
  const bindings = virtualResource((object, request, { dryRun }) => {
    const store = storeOf("", "pods");
    return bindPod(object as Binding, object.metadata.name ?? "", {
      store,
      kind: store.kind,
      scope: writeScope(request, dryRun),
      now: timestamp(clock.now()),
    });
  }, admission);
  const statuses = componentStatuses({ "etcd-0": () => undefined }, clock);
  return Object.fromEntries([
    ...answers,
    ["/bindings", bindings],
    ["/componentstatuses", statuses],
  ]);
}
