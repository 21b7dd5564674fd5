import type { KindDefinition } from "../kind.ts";
import { localSubjectAccessReview } from "./v1/local_subject_access_review.ts";
import { selfSubjectAccessReview } from "./v1/self_subject_access_review.ts";
import { selfSubjectRulesReview } from "./v1/self_subject_rules_review.ts";
import { subjectAccessReview } from "./v1/subject_access_review.ts";

/** The kinds of the group, for the table of all kinds. */
export const authorizationKinds: readonly KindDefinition[] = [
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
];
