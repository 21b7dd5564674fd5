import { declaredSizes } from "../cost/size_estimator.ts";
import { type Environment, extendEnvironment } from "../environment.ts";
import { bindMacro } from "../library/bind_macro.ts";
import { kubernetesEnvironment } from "../library/kubernetes.ts";
import {
  declAny,
  declBool,
  declMap,
  declObject,
  declQuantity,
  declString,
  type DeclType,
} from "../types/decl_type.ts";

const MAX_DOMAIN_LENGTH = 63;
const MAX_IDENTIFIER_LENGTH = 32;
const MAX_DRIVER_LENGTH = 63;
const MAX_VALUE_LENGTH = 64;
const MAX_ENTRIES = 32;

function sized(type: DeclType, maxElements: number): DeclType {
  return { ...type, maxElements };
}

const domain = sized(declString, MAX_DOMAIN_LENGTH);
const identifier = sized(declString, MAX_IDENTIFIER_LENGTH);

/** Values by domain and identifier. */
function byName(value: DeclType): DeclType {
  return declMap(domain, declMap(identifier, value, MAX_ENTRIES), MAX_ENTRIES);
}

const field = (name: string, type: DeclType) => ({ name, type, required: true });

/** The type of `device`: what a selector may ask of a device. */
export const deviceType: DeclType = declObject("kubernetes.DRADevice", [
  field("driver", sized(declString, MAX_DRIVER_LENGTH)),
  field("attributes", byName(sized(declAny, MAX_VALUE_LENGTH))),
  field("capacity", byName(declQuantity)),
  field("allowMultipleAllocations", sized(declBool, 1)),
]);

/** The environment of device selectors. Source: k8s.io/dynamic-resource-allocation/cel. */
export const deviceEnvironment: Environment = extendEnvironment(
  { ...kubernetesEnvironment, macros: new Map([...kubernetesEnvironment.macros, bindMacro]) },
  { variables: { device: deviceType } },
);

/** Sizes of what `device` holds, for the estimate of the cost. */
export const deviceSizes = declaredSizes(deviceType);
