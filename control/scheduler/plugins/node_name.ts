import { type Plugin, skip, success, unresolvable } from "../framework.ts";

const mismatch = unresolvable("node(s) didn't match the requested node name");

/** Keeps a pod that asks for a node by name off all others. */
export function nodeName(): Plugin<undefined> {
  return {
    name: "NodeName",
    preFilter: (pod) => pod.nodeName === undefined ? skip : { code: "Success", state: undefined },
    filter: (pod, node) => pod.nodeName === node.name ? success : mismatch,
    wakeOn: { NodeAdd: (pod, { node }) => pod.nodeName === node?.name },
  };
}
