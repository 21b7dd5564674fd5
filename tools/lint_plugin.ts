/**
 * The house rules that `deno lint` keeps: which layer may import which, where effects may be used, and how long
 * functions and files may grow (see CONTRIBUTING.md).
 *
 * @module
 */

/** Which top folders a folder may import from. Only the composition roots see both sides. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  shared: ["shared"],
  control: ["control", "shared"],
  node: ["node", "shared"],
  cli: ["cli", "control", "node", "shared"],
};

/** Ambient effects, and the only places that may use them. */
const effects: readonly { readonly use: RegExp; readonly only: RegExp; readonly name: string }[] = [
  { name: "Deno.openKv", use: /^Deno\.openKv$/, only: /\/control\/storage\/kv\// },
  { name: "Deno.Command", use: /^Deno\.Command$/, only: /\/node\/host\/|\/cli\/|\/tools\// },
  { name: "Deno.env", use: /^Deno\.env$/, only: /\/main\.ts$|\/cli\/|\/tools\// },
  { name: "Date.now", use: /^Date\.now$/, only: /\/shared\/clock\/|\/tools\// },
  { name: "performance.now", use: /^performance\.now$/, only: /\/shared\/clock\/|\/tools\// },
  { name: "Math.random", use: /^Math\.random$/, only: /\/shared\/clock\// },
  { name: "crypto.randomUUID", use: /^crypto\.randomUUID$/, only: /\/shared\/clock\// },
];
const ambientCalls: readonly { readonly call: string; readonly only: RegExp }[] = [
  { call: "setTimeout", only: /\/shared\/clock\// },
  { call: "setInterval", only: /\/shared\/clock\// },
  { call: "fetch", only: /\/shared\/client\// },
];
const MAX_FUNCTION_LINES = 70;
const MAX_FILE_LINES = 500;

const layerOf = (file: string) => file.match(/\/(shared|control|node|cli)\//)?.[1];
const isTest = (file: string) => /_test\.ts$|\/tests\/|contract_suite\.ts$/.test(file);

const layers: Deno.lint.Rule = {
  create(context) {
    const from = layerOf(context.filename);
    if (!from) return {};
    const check = (source: string, node: Deno.lint.Node) => {
      if (!source.startsWith(".")) return;
      const to = layerOf(new URL(source, "file://" + context.filename).pathname);
      if (to && !mayImport[from]!.includes(to)) {
        context.report({ node, message: `${from}/ must not import ${to}/` });
      }
    };
    return {
      ImportDeclaration: (node) => check(node.source.value, node),
      ExportNamedDeclaration: (node) => node.source && check(node.source.value, node),
      ExportAllDeclaration: (node) => check(node.source.value, node),
    };
  },
};

const effectsRule: Deno.lint.Rule = {
  create(context) {
    if (isTest(context.filename)) return {};
    const report = (node: Deno.lint.Node, name: string, only: RegExp) =>
      context.report({ node, message: `${name} may only be used in ${only.source}` });
    return {
      MemberExpression(node) {
        const text = context.sourceCode.getText(node);
        const rule = effects.find((effect) => effect.use.test(text));
        if (rule && !rule.only.test(context.filename)) report(node, rule.name, rule.only);
      },
      CallExpression(node) {
        if (node.callee.type !== "Identifier") return;
        const { name } = node.callee;
        const rule = ambientCalls.find((effect) => effect.call === name);
        if (rule && !rule.only.test(context.filename)) report(node, name, rule.only);
      },
      NewExpression(node) {
        if (node.callee.type !== "Identifier" || node.callee.name !== "Date") return;
        if (node.arguments.length > 0 || /\/shared\/clock\//.test(context.filename)) return;
        report(node, "new Date() without a time", /\/shared\/clock\//);
      },
    };
  },
};

const functionLength: Deno.lint.Rule = {
  create(context) {
    const check = (
      node:
        | Deno.lint.FunctionDeclaration
        | Deno.lint.FunctionExpression
        | Deno.lint.ArrowFunctionExpression,
    ) => {
      if (isTest(context.filename)) return;
      const lines = context.sourceCode.getText(node).split("\n").length;
      if (lines > MAX_FUNCTION_LINES) {
        context.report({
          node,
          message: `Function has ${lines} lines; the limit is ${MAX_FUNCTION_LINES}`,
        });
      }
    };
    return {
      FunctionDeclaration: check,
      FunctionExpression: check,
      ArrowFunctionExpression: check,
    };
  },
};

const fileLength: Deno.lint.Rule = {
  create(context) {
    return {
      Program(node) {
        if (isTest(context.filename)) return;
        const lines = context.sourceCode.text.split("\n").length;
        if (lines > MAX_FILE_LINES) {
          context.report({
            node,
            message: `File has ${lines} lines; the limit is ${MAX_FILE_LINES}`,
          });
        }
      },
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "layers": layers,
    "effects": effectsRule,
    "function-length": functionLength,
    "file-length": fileLength,
  },
};
export default plugin;
