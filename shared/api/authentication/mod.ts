import type { KindDefinition } from "../kind.ts";
import { selfSubjectReview } from "./v1/self_subject_review.ts";
import { tokenReview } from "./v1/token_review.ts";

/** The kinds of the group, for the table of all kinds. */
export const authenticationKinds: readonly KindDefinition[] = [selfSubjectReview, tokenReview];
