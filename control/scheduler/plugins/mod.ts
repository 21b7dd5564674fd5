import type { PluginFactory } from "../framework.ts";
import { defaultBinder } from "./default_binder.ts";
import { defaultPreemption } from "./default_preemption.ts";
import { dynamicResources } from "./dynamic_resources.ts";
import { imageLocality } from "./image_locality.ts";
import { interPodAffinity } from "./inter_pod_affinity.ts";
import { nodeAffinity } from "./node_affinity.ts";
import { nodeDeclaredFeatures } from "./node_declared_features.ts";
import { nodeName } from "./node_name.ts";
import { nodePorts } from "./node_ports.ts";
import { nodeResourcesBalancedAllocation } from "./node_resources_balanced_allocation.ts";
import { nodeResourcesFit } from "./node_resources_fit.ts";
import { nodeUnschedulable } from "./node_unschedulable.ts";
import { nodeVolumeLimits } from "./node_volume_limits.ts";
import { podTopologySpread } from "./pod_topology_spread.ts";
import { prioritySort } from "./priority_sort.ts";
import { schedulingGates } from "./scheduling_gates.ts";
import { taintToleration } from "./taint_toleration.ts";
import { volumeBinding } from "./volume_binding.ts";
import { volumeRestrictions } from "./volume_restrictions.ts";
import { volumeZone } from "./volume_zone.ts";

/** Every plugin by its name: one file each. */
export const plugins: ReadonlyMap<string, PluginFactory> = new Map<string, PluginFactory>([
  ["DefaultBinder", defaultBinder],
  ["DefaultPreemption", defaultPreemption],
  ["DynamicResources", dynamicResources],
  ["ImageLocality", imageLocality],
  ["InterPodAffinity", interPodAffinity],
  ["NodeAffinity", nodeAffinity],
  ["NodeDeclaredFeatures", nodeDeclaredFeatures],
  ["NodeName", nodeName],
  ["NodePorts", nodePorts],
  ["NodeResourcesBalancedAllocation", nodeResourcesBalancedAllocation],
  ["NodeResourcesFit", nodeResourcesFit],
  ["NodeUnschedulable", nodeUnschedulable],
  ["NodeVolumeLimits", nodeVolumeLimits],
  ["PodTopologySpread", podTopologySpread],
  ["PrioritySort", prioritySort],
  ["SchedulingGates", schedulingGates],
  ["TaintToleration", taintToleration],
  ["VolumeBinding", volumeBinding],
  ["VolumeRestrictions", volumeRestrictions],
  ["VolumeZone", volumeZone],
]);
