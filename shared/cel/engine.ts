/** What `loadCel` loads: everything that compiles expressions. */
export { admissionEnvironment } from "./admission/admission_environment.ts";
export { compileExpression } from "./admission/compile_expression.ts";
export { compile } from "./compile.ts";
export { deviceEnvironment, deviceSizes } from "./device/device_environment.ts";
