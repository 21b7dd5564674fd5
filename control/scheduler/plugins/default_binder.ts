import { resources } from "../../../shared/client/resources.gen.ts";
import type { Plugin, PluginHandle } from "../framework.ts";

/** Tells the API which node a pod goes to. */
export function defaultBinder({ client }: PluginHandle): Plugin {
  return {
    name: "DefaultBinder",
    async bind({ namespace, name, pod: { metadata } }, node) {
      await client.post(resources.pods, { namespace, name }, "binding", {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name, namespace, uid: metadata.uid },
        target: { apiVersion: "v1", kind: "Node", name: node.name },
      });
    },
  };
}
