import {
  declBool,
  declDyn,
  type DeclField,
  declInt,
  declList,
  declMap,
  declObject,
  declString,
  declTimestamp,
  type DeclType,
} from "../types/decl_type.ts";

/** Types of fields by their names; `?` marks those that may be absent. */
function struct(name: string, fields: Readonly<Record<string, DeclType>>): DeclType {
  const declared: DeclField[] = Object.entries(fields).map(([key, type]) => ({
    name: key.replace("?", ""),
    type,
    required: !key.endsWith("?"),
  }));
  return declObject(name, declared);
}

const texts = declList(declString);
const textMap = declMap(declString, declString);

const groupVersionKind = struct("kubernetes.GroupVersionKind", {
  group: declString,
  version: declString,
  kind: declString,
});
const groupVersionResource = struct("kubernetes.GroupVersionResource", {
  group: declString,
  version: declString,
  resource: declString,
});
const userInfo = struct("kubernetes.UserInfo", {
  "username?": declString,
  "uid?": declString,
  "groups?": texts,
  "extra?": declMap(declString, texts),
});

/** The type of `request`: `admission.k8s.io/v1` AdmissionRequest without its objects. */
export const requestType: DeclType = struct("kubernetes.AdmissionRequest", {
  kind: groupVersionKind,
  resource: groupVersionResource,
  "subResource?": declString,
  requestKind: groupVersionKind,
  requestResource: groupVersionResource,
  "requestSubResource?": declString,
  name: declString,
  "namespace?": declString,
  operation: declString,
  userInfo,
  "dryRun?": declBool,
  "options?": declDyn,
});

/** The type of `namespaceObject`: a Namespace without what nobody should decide by. */
export const namespaceType: DeclType = struct("kubernetes.Namespace", {
  metadata: struct("kubernetes.NamespaceMetadata", {
    name: declString,
    generateName: declString,
    namespace: declString,
    labels: textMap,
    annotations: textMap,
    UID: declString,
    creationTimestamp: declTimestamp,
    deletionGracePeriodSeconds: declInt,
    deletionTimestamp: declTimestamp,
    generation: declInt,
    resourceVersion: declString,
    finalizers: texts,
  }),
  spec: struct("kubernetes.NamespaceSpec", { finalizers: texts }),
  status: struct("kubernetes.NamespaceStatus", {
    conditions: declList(struct("kubernetes.NamespaceCondition", {
      status: declString,
      type: declString,
      lastTransitionTime: declTimestamp,
      message: declString,
      reason: declString,
    })),
    phase: declString,
  }),
});
