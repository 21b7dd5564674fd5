import type { Environment } from "../environment.ts";
import { standardMacros } from "../parser/macros.ts";
import { sortByMacro } from "./sort_by_macro.ts";
import { authorizerFunctions } from "./authorizer.ts";
import { functionTable } from "./function_table.ts";
import { kubernetesListFunctions, listFunctions } from "./lists.ts";
import { formatFunctions } from "./named_formats.ts";
import { cidrFunctions, ipFunctions } from "./network.ts";
import { optionalFunctions } from "./optionals.ts";
import { quantityFunctions } from "./quantities.ts";
import { regexFunctions } from "./regex.ts";
import { semverFunctions } from "./semver.ts";
import { setFunctions } from "./sets.ts";
import { standardFunctions } from "./standard.ts";
import { stringFunctions } from "./strings.ts";
import { urlFunctions } from "./urls.ts";

/**
 * What every expression of the API may use, without variables. Source:
 * https://kubernetes.io/docs/reference/using-api/cel/.
 */
export const kubernetesEnvironment: Environment = {
  variables: new Map(),
  functions: functionTable(
    standardFunctions,
    urlFunctions,
    regexFunctions,
    authorizerFunctions,
    optionalFunctions,
    quantityFunctions,
    stringFunctions,
    setFunctions,
    ipFunctions,
    cidrFunctions,
    formatFunctions,
    semverFunctions,
    listFunctions,
    kubernetesListFunctions,
  ),
  macros: new Map([...standardMacros, sortByMacro]),
  struct: () => undefined,
};
