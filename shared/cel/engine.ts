/** What `loadCel` loads: everything that compiles expressions of policies and webhooks. */
export { admissionEnvironment } from "./admission/admission_environment.ts";
export { compileExpression } from "./admission/compile_expression.ts";
