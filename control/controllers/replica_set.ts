import { resources } from "../../shared/client/resources.gen.ts";
import { fromLabelSelector } from "../../shared/meta/labels.ts";
import { replicaController } from "./replica_controller.ts";

/** Keeps as many pods as a ReplicaSet asks for. */
export const replicaSetController = replicaController({
  name: "replicaset",
  account: "replicaset-controller",
  resource: resources.replicasets,
  selectorOf: (set) => fromLabelSelector(set.spec.selector),
  countsTerminating: true,
});
