import { type Environment, extendEnvironment } from "../environment.ts";
import { kubernetesEnvironment } from "../library/kubernetes.ts";
import {
  anyType,
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  sameType,
  stringType,
  structType,
  timestampType,
  uintType,
} from "../types/cel_type.ts";
import { authorizerType, resourceCheckType } from "../types/signature.ts";
import { patchFunctions, patchStruct } from "./patch_types.ts";
import { namespaceType, requestType } from "./request_types.ts";

/** What expressions about admission may use beyond `object`, `oldObject`, `request` and `namespaceObject`. */
export interface AdmissionVariables {
  readonly params?: boolean;
  readonly authorizer?: boolean;
  /** `Object{…}` and `JSONPatch{…}`. */
  readonly patches?: boolean;
  /** Types of `variables.<name>`, undefined where one does not compile; absent: there are none at all. */
  readonly variables?: ReadonlyMap<string, CelType | undefined>;
  /** The types of `object` and `oldObject`; absent: anything. */
  readonly object?: CelType;
}

const variablesType = structType("kubernetes.variables");
const scalars: readonly CelType[] = [
  anyType,
  boolType,
  bytesType,
  doubleType,
  durationType,
  intType,
  nullType,
  stringType,
  timestampType,
  uintType,
];

/** The environment of an expression of a policy or webhook. Source: k8s.io/apiserver/pkg/admission/plugin/cel. */
export function admissionEnvironment(options: AdmissionVariables): Environment {
  const { params, authorizer, patches, variables, object = dynType } = options;
  return extendEnvironment(kubernetesEnvironment, {
    variables: {
      object,
      oldObject: object,
      namespaceObject: namespaceType,
      request: requestType,
      ...(params && { params: dynType }),
      ...(authorizer && {
        authorizer: authorizerType,
        "authorizer.requestResource": resourceCheckType,
      }),
      ...(variables && { variables: variablesType }),
    },
    struct: (name) => {
      if (variables && name === variablesType.name) {
        return {
          field: (field) => variables.has(field) ? composedType(variables.get(field)) : undefined,
        };
      }
      return patches ? patchStruct(name) : undefined;
    },
    ...(patches && { functions: patchFunctions }),
  });
}

/** The type under which a variable is known to other expressions: of types with parts only lists and maps are. */
function composedType(type: CelType | undefined): CelType {
  if (!type) return dynType;
  const scalar = scalars.find((one) => sameType(one, type));
  if (scalar) return scalar;
  if (type.kind === "list") return listType(composedType(type.params[0]));
  if (type.kind === "map") {
    return mapType(composedType(type.params[0]), composedType(type.params[1]));
  }
  return dynType;
}
