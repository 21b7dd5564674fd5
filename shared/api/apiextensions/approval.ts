import type { CustomResourceDefinition } from "./v1/types.gen.ts";

/** Says that the community approves of a kind in one of its groups, or that it has not. */
export const approvalAnnotation = "api-approved.kubernetes.io";
const policy = "https://github.com/kubernetes/enhancements/pull/1111";

/** What a definition says of its approval, and the sentence for it (KEP-1111). */
export interface Approval {
  readonly state: "approved" | "bypassed" | "missing" | "invalid";
  readonly reason: string;
}

/** Groups that belong to the Kubernetes community. */
export function isProtected(group: string): boolean {
  return /(^|\.)(k8s|kubernetes)\.io$/.test(group);
}

/** Reads the approval of a definition. */
export function approvalOf({ metadata }: CustomResourceDefinition): Approval {
  const text = metadata.annotations?.[approvalAnnotation] ?? "";
  const rule = `protected groups must have approval annotation "${approvalAnnotation}"`;
  if (text === "") return { state: "missing", reason: `${rule}, see ${policy}` };
  if (text.startsWith("unapproved")) {
    return { state: "bypassed", reason: `not approved: ${JSON.stringify(text)}` };
  }
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text)) {
    return { state: "approved", reason: `approved in ${text}` };
  }
  const detail = `${rule} with either a URL or a reason starting with "unapproved", see ${policy}`;
  return { state: "invalid", reason: detail };
}
