import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../meta/field_error.ts";
import { isDns1035Label } from "../../meta/names.ts";
import { validateWebhookClient } from "../webhook_client.ts";
import { validateCaBundle } from "./ca_bundle.ts";
import type { CustomResourceConversion } from "./v1/types.gen.ts";

/** The versions of ConversionReview that a server may send. */
const reviewVersions = ["v1", "v1beta1"];

/** How objects get from one version of a custom resource to another. */
export function validateConversion(
  conversion: CustomResourceConversion,
  path: string,
  { reviewVersionRequired, invalidBundleAllowed }: {
    /** At least one version of the review must be known. */
    readonly reviewVersionRequired: boolean;
    /** A bundle that is no bundle was stored, or nothing is served yet. */
    readonly invalidBundleAllowed: boolean;
  },
): readonly FieldError[] {
  const { strategy, webhook } = conversion;
  const strategies = ["None", "Webhook"];
  const errors: FieldError[] = [];
  if (!strategy) errors.push(required(`${path}.strategy`));
  else if (!strategies.includes(strategy)) {
    errors.push(notSupported(`${path}.strategy`, strategy, strategies));
  }
  const clientPath = `${path}.webhookClientConfig`;
  const versionsPath = `${path}.conversionReviewVersions`;
  const versions = webhook?.conversionReviewVersions ?? [];
  if (strategy === "Webhook") {
    if (!webhook?.clientConfig) {
      errors.push(required(clientPath, "required when strategy is set to Webhook"));
    } else {
      errors.push(...validateWebhookClient(webhook.clientConfig, clientPath));
      const { caBundle } = webhook.clientConfig;
      if (caBundle && !invalidBundleAllowed) {
        errors.push(...validateCaBundle(caBundle, `${clientPath}.caBundle`));
      }
    }
    errors.push(...validateReviewVersions(versions, versionsPath, reviewVersionRequired));
  } else {
    const detail = "should not be set when strategy is not set to Webhook";
    if (webhook?.clientConfig) errors.push(forbidden(clientPath, detail));
    if (versions.length > 0) errors.push(forbidden(versionsPath, detail));
  }
  return errors;
}

/** Whether any of the versions can be sent. */
export function hasKnownReviewVersion(versions: readonly string[]): boolean {
  return versions.some((version) => reviewVersions.includes(version));
}

function validateReviewVersions(
  versions: readonly string[],
  path: string,
  knownRequired: boolean,
): readonly FieldError[] {
  if (versions.length === 0) return [required(path)];
  const errors = versions.flatMap((version, index) => {
    const at = `${path}[${index}]`;
    if (versions.indexOf(version) < index) return [invalid(at, version, "duplicate version")];
    return isDns1035Label(version).map((message) => invalid(at, version, message));
  });
  if (knownRequired && !hasKnownReviewVersion(versions)) {
    const detail = `must include at least one of ${reviewVersions.join(", ")}`;
    errors.push(invalid(path, versions, detail));
  }
  return errors;
}
