import { resources } from "../../shared/client/resources.gen.ts";
import { fromLabels, matchNothing } from "../../shared/meta/labels.ts";
import { replicaController } from "./replica_controller.ts";

/** Keeps as many pods as a ReplicationController asks for: a ReplicaSet with a selector of plain labels. */
export const replicationController = replicaController({
  name: "replicationcontroller",
  account: "replication-controller",
  resource: resources.replicationcontrollers,
  selectorOf: ({ spec }) =>
    Object.keys(spec?.selector ?? {}).length === 0 ? matchNothing : fromLabels(spec?.selector),
  countsTerminating: false,
});
