import assert from "node:assert/strict";
import { Cluster } from "./cluster.ts";

const admin = { name: "admin", groups: ["system:masters", "system:authenticated"] };
const nobody = { name: "eve", groups: ["system:authenticated"] };
const configMaps = "/api/v1/namespaces/default/configmaps";
const json = "application/json";
const long = "n".repeat(300);

interface Case {
  readonly title: string;
  readonly method?: string;
  readonly path?: string;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly user?: typeof admin | undefined;
  readonly want: {
    readonly code: number;
    readonly reason: string;
    readonly message: string | RegExp;
    readonly details?: unknown;
  };
}

const notFound = {
  code: 404,
  reason: "NotFound",
  message: "the server could not find the requested resource",
  details: {},
};
const tooLarge = {
  code: 413,
  reason: "RequestEntityTooLarge",
  message: "Request entity too large: limit is 3145728",
};
const invalidName = (kind: string) => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: "${long}": ${kind}`,
  field: "metadata.name",
});
const forbidden = (message: string, details: unknown) => ({
  code: 403,
  reason: "Forbidden",
  message,
  details,
});

const cases: readonly Case[] = [
  {
    title: "JSON that breaks off",
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}',
    want: {
      code: 400,
      reason: "BadRequest",
      message: "the object provided is unrecognized (must be of type ConfigMap): couldn't get " +
        'version/kind; json parse error: unexpected end of JSON input ({"apiVersion":"v1","kind":"Con ...)',
    },
  },
  {
    title: "text that is not JSON",
    body: "hello",
    want: {
      code: 400,
      reason: "BadRequest",
      message: "the object provided is unrecognized (must be of type ConfigMap): couldn't get " +
        "version/kind; json parse error: invalid character 'h' looking for beginning of value (hello)",
    },
  },
  {
    title: "YAML that is not YAML",
    type: "application/yaml",
    body: "a: [b\nc: d\n",
    want: {
      code: 400,
      reason: "BadRequest",
      message:
        /^the object provided is unrecognized .*: yaml: line 2: did not find expected node content \(/,
    },
  },
  {
    title: "an unknown field, strictly",
    path: `${configMaps}?fieldValidation=Strict`,
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"bogus":1}',
    want: {
      code: 400,
      reason: "BadRequest",
      message: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: ' +
        'strict decoding error: unknown field "bogus"',
    },
  },
  {
    title: "a field of the wrong type",
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":1}}',
    want: {
      code: 400,
      reason: "BadRequest",
      message:
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal ' +
        "number into Go struct field ConfigMap.data of type string",
    },
  },
  {
    title: "an object of another kind",
    body: '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}',
    want: {
      code: 400,
      reason: "BadRequest",
      message: 'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) ' +
        "to (core.ConfigMap): unknown conversion",
    },
  },
  {
    title: "an object without a name",
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}',
    want: {
      code: 422,
      reason: "Invalid",
      message:
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
      details: {
        kind: "ConfigMap",
        causes: [{
          reason: "FieldValueRequired",
          message: "Required value: name or generateName is required",
          field: "metadata.name",
        }],
      },
    },
  },
  {
    title: "a body of 3 MB",
    body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"${
      "x".repeat(3 * 1024 * 1024)
    }"}}`,
    want: tooLarge,
  },
  {
    title: "a patch of 3 MB",
    method: "PATCH",
    path: `${configMaps}/kube-root-ca.crt`,
    type: "application/merge-patch+json",
    body: `{"data":{"a":"${"x".repeat(3 * 1024 * 1024)}"}}`,
    want: tooLarge,
  },
  {
    title: "a name of 300 characters",
    body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${long}"}}`,
    want: {
      code: 422,
      reason: "Invalid",
      message: `ConfigMap "${long}" is invalid: metadata.name: Invalid value: "${long}": ` +
        "must be no more than 253 characters",
      details: {
        name: long,
        kind: "ConfigMap",
        causes: [invalidName("must be no more than 253 characters")],
      },
    },
  },
  {
    title: "a content type that is not served",
    type: "text/plain",
    body: "hello",
    want: {
      code: 415,
      reason: "UnsupportedMediaType",
      message: "the body of the request was in an unknown format - accepted media types include: " +
        "application/json, application/yaml, application/vnd.kubernetes.protobuf",
    },
  },
  {
    title: "a patch of no known type",
    method: "PATCH",
    path: `${configMaps}/kube-root-ca.crt`,
    type: json,
    body: "{}",
    want: {
      code: 415,
      reason: "UnsupportedMediaType",
      message: "415: Unsupported Media Type",
    },
  },
  {
    title: "a name that is not the URL's",
    method: "PUT",
    path: `${configMaps}/kube-root-ca.crt`,
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}',
    want: {
      code: 400,
      reason: "BadRequest",
      message: "the name of the object (b) does not match the name on the URL (kube-root-ca.crt)",
    },
  },
  {
    title: "a namespace that is not the URL's",
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"b"}}',
    want: {
      code: 400,
      reason: "BadRequest",
      message:
        "the namespace of the provided object does not match the namespace sent on the request",
    },
  },
  {
    title: "a namespace that is not there",
    path: "/api/v1/namespaces/absent/configmaps",
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}',
    want: {
      code: 404,
      reason: "NotFound",
      message: 'namespaces "absent" not found',
      details: { name: "absent", kind: "namespaces" },
    },
  },
  {
    title: "a resource that is not there",
    path: "/api/v1/namespaces/default/nosuch",
    body: "{}",
    want: notFound,
  },
  { title: "a version that is not there", method: "GET", path: "/apis/apps/v9", want: notFound },
  {
    title: "a method that is not served",
    method: "PUT",
    path: configMaps,
    body: "{}",
    want: {
      code: 405,
      reason: "MethodNotAllowed",
      message: "the server does not allow this method on the requested resource",
      details: {},
    },
  },
  {
    title: "credentials that are wrong, whatever the body",
    user: undefined,
    headers: { authorization: "Bearer wrong" },
    body: "{not json",
    want: { code: 401, reason: "Unauthorized", message: "Unauthorized" },
  },
  {
    title: "a user who may not, whatever the body",
    user: nobody,
    body: "{not json",
    want: forbidden(
      'configmaps is forbidden: User "eve" cannot create resource "configmaps" in API group "" ' +
        'in the namespace "default"',
      { kind: "configmaps" },
    ),
  },
  {
    title: "nobody in particular, whatever the path",
    user: undefined,
    method: "GET",
    path: "/apis/apps/v1/namespaces/default/deployments/x",
    want: forbidden(
      'deployments.apps "x" is forbidden: User "system:anonymous" cannot get resource ' +
        '"deployments" in API group "apps" in the namespace "default"',
      { name: "x", group: "apps", kind: "deployments" },
    ),
  },
  {
    title: "a selector that is none",
    method: "GET",
    path: `${configMaps}?labelSelector=a%20b%20c`,
    want: {
      code: 400,
      reason: "BadRequest",
      message: /^unable to parse requirement: found 'b', expected: /,
    },
  },
  {
    title: "a limit that is no number",
    method: "GET",
    path: `${configMaps}?limit=many`,
    want: {
      code: 400,
      reason: "BadRequest",
      message: 'strconv.ParseInt: parsing "many": invalid syntax',
    },
  },
  {
    title: "a continue token that is none",
    method: "GET",
    path: `${configMaps}?limit=1&continue=zzz`,
    want: {
      code: 400,
      reason: "BadRequest",
      message: "invalid continue token: continue key is not valid: " +
        "invalid character 'Ï' looking for beginning of value",
    },
  },
  {
    title: "a JSON patch whose test fails",
    method: "PATCH",
    path: `${configMaps}/kube-root-ca.crt`,
    type: "application/json-patch+json",
    body: '[{"op":"test","path":"/metadata/name","value":"b"}]',
    want: {
      code: 422,
      reason: "Invalid",
      message: "the server rejected our request due to an error in our request",
    },
  },
  {
    title: "a delete whose precondition fails",
    method: "DELETE",
    path: `${configMaps}/kube-root-ca.crt`,
    body: '{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"resourceVersion":"1"}}',
    want: {
      code: 409,
      reason: "Conflict",
      message:
        /^Operation cannot be fulfilled on configmaps "kube-root-ca.crt": Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: \d+$/,
      details: { name: "kube-root-ca.crt", kind: "configmaps" },
    },
  },
];

Deno.test("bad input is answered with an exact Status and changes nothing", async (t) => {
  await using cluster = await Cluster.start();
  const revision = cluster.storage.revision();
  for (const one of cases) {
    await t.step(one.title, async () => {
      const { method = "POST", path = configMaps, type = json, headers, body, want } = one;
      const response = await cluster.request(path, {
        method,
        headers: { ...(body !== undefined && { "content-type": type }), ...headers },
        ...(body !== undefined && { body }),
        user: "user" in one ? one.user : admin,
      });
      assert.equal(response.headers.get("content-type"), json);
      const { message, ...status } = await response.json();
      assert.equal(response.status, want.code, message);
      if (typeof want.message === "string") assert.equal(message, want.message);
      else assert.match(message, want.message);
      const { details } = want;
      if (details === undefined) delete status.details;
      assert.deepEqual(status, {
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        reason: want.reason,
        ...(details !== undefined && { details }),
        code: want.code,
      });
      assert.equal(cluster.storage.revision(), revision, "nothing is written");
    });
  }
});
