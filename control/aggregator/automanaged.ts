import type { APIService } from "../../shared/api/apiregistration/v1/types.gen.ts";
import type { CustomResourceDefinition } from "../../shared/api/apiextensions/v1/types.gen.ts";

/** Marks what the server registers by itself: `onstart` once, `true` always. */
const label = "kube-aggregator.kubernetes.io/automanaged";
/** Where groups of custom resources stand among the others (kubernetes' crdregistration controller). */
const customPriority = { groupPriorityMinimum: 1000, versionPriority: 100 };

/** What is to be done so that the groups of custom resources are registered, and no others. */
export interface RegistrationPlan {
  readonly create: readonly APIService[];
  readonly update: readonly APIService[];
  readonly remove: readonly APIService[];
}

/** Compares the served versions of all definitions with the registered ones. Pure. */
export function planRegistration(
  definitions: readonly CustomResourceDefinition[],
  services: readonly APIService[],
): RegistrationPlan {
  const wanted = new Map<string, APIService>();
  for (const { spec } of definitions) {
    for (const { name, served } of spec.versions ?? []) {
      if (served) wanted.set(`${name}.${spec.group}`, registrationOf(spec.group, name));
    }
  }
  const present = new Map(services.map((service) => [service.metadata.name!, service]));
  const managed = services.filter(({ metadata }) => metadata.labels?.[label] === "true");
  return {
    create: [...wanted.values()].filter(({ metadata }) => !present.has(metadata.name!)),
    update: managed.flatMap((service) => {
      const spec = wanted.get(service.metadata.name!)?.spec;
      return spec && !sameSpec(spec, service.spec) ? [{ ...service, spec }] : [];
    }),
    remove: managed.filter(({ metadata }) => !wanted.has(metadata.name!)),
  };
}

function registrationOf(group: string, version: string): APIService {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: `${version}.${group}`, labels: { [label]: "true" } },
    spec: { group, version, ...customPriority },
  };
}

function sameSpec(a: APIService["spec"], b: APIService["spec"]): boolean {
  return JSON.stringify(Object.entries(a ?? {}).sort()) ===
    JSON.stringify(Object.entries(b ?? {}).sort());
}
