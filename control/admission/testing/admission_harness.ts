import assert from "node:assert/strict";
import type { KindDefinition, KubeObject } from "../../../shared/api/kind.ts";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { UserInfo } from "../../server/request_context.ts";
import { PluginChain } from "../chain.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";

export const admin: UserInfo = { name: "admin", groups: ["system:masters"] };

/** A world of objects for plugins under test; `kind` names are `group/plural`. */
export class AdmissionHarness {
  readonly objects = new Map<string, Map<string, KubeObject>>();
  readonly warnings: string[] = [];
  /** `<verb> <resource> <name>` of what the user may do; everything if it is empty. */
  readonly allowed = new Set<string>();

  /** Adds or replaces an object of `kind`. */
  put(kind: string, object: object): this {
    const known = this.objects.get(kind) ?? new Map<string, KubeObject>();
    const { metadata } = object as KubeObject;
    known.set(`${metadata.namespace ?? ""}/${metadata.name}`, object as KubeObject);
    this.objects.set(kind, known);
    return this;
  }

  readonly dependencies: PluginDependencies = {
    reader: {
      get: <T extends KubeObject>(group: string, plural: string, namespace: string, name: string) =>
        this.objects.get(`${group}/${plural}`)?.get(`${namespace}/${name}`) as T | undefined,
      list: <T extends KubeObject>(group: string, plural: string, namespace?: string) =>
        [...this.objects.get(`${group}/${plural}`)?.values() ?? []].filter(({ metadata }) =>
          namespace === undefined || metadata.namespace === namespace
        ) as unknown as readonly T[],
    },
    authorizer: {
      name: "test",
      authorize: (_user, { verb, resource, name }) => ({
        decision: this.allowed.has(`${verb} ${resource} ${name}`) ? "Allow" : "NoOpinion",
      }),
    },
    quotas: {
      updateUsed: ({ namespace, name }, resourceVersion, used) => {
        const quota = this.objects.get("/resourcequotas")!.get(`${namespace}/${name}`) as
          & KubeObject
          & { status: { used: Record<string, string> } };
        if (quota.metadata.resourceVersion !== resourceVersion) return Promise.resolve(false);
        const next = structuredClone(quota);
        next.metadata.resourceVersion = String(Number(resourceVersion) + 1);
        Object.assign(next.status.used, used);
        this.put("/resourcequotas", next);
        return Promise.resolve(true);
      },
    },
    clock: new FakeClock(),
    random: seededRandom(1),
  };

  /** A write of `object` to `kind` (`group/plural[/subresource]`); the object is copied. */
  attributes(kind: string, object: object | undefined, more: Partial<Attributes> = {}): Attributes {
    const [group = "", plural = "", subresource = ""] = kind.split("/");
    const copy = object && structuredClone(object) as KubeObject;
    return {
      operation: "CREATE",
      kind: { group, plural } as KindDefinition,
      subresource,
      namespace: "n",
      name: copy?.metadata?.name ?? "",
      user: admin,
      ...(copy && { object: copy }),
      options: { dryRun: false },
      warn: (message) => void this.warnings.push(message),
      ...more,
    };
  }

  /** Runs both phases of `plugin`; the object as it is afterwards. */
  async run<T = KubeObject>(plugin: AdmissionPlugin, attributes: Attributes): Promise<T> {
    const chain = new PluginChain([plugin]);
    await chain.admit(attributes);
    await chain.validate(attributes);
    return attributes.object as T;
  }

  /** The message with which `plugin` refuses; fails if it does not. */
  async refusal(plugin: AdmissionPlugin, attributes: Attributes): Promise<string> {
    try {
      await this.run(plugin, attributes);
    } catch (error) {
      assert.ok(error instanceof StatusError, String(error));
      return error.message;
    }
    throw new Error("not refused");
  }
}

/** A pod of one container `c`. */
export function pod(name: string, spec: object = {}, container: object = {}): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers: [{ name: "c", image: "x", ...container }], ...spec },
  };
}
