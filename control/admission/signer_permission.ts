import type { Authorizer, UserInfo } from "../server/request_context.ts";

/**
 * Whether `user` may `verb` (approve, sign, attest) for a signer: by its name, or by `<domain>/*`.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#authorization.
 */
export async function mayActForSigner(
  authorizer: Authorizer,
  user: UserInfo,
  what: { readonly verb: string; readonly signerName: string },
): Promise<boolean> {
  const { verb, signerName } = what;
  const names = [signerName, `${signerName.split("/")[0]}/*`];
  for (const name of names) {
    const decision = await authorizer.authorize(user, {
      isResource: true,
      verb,
      path: "",
      group: "certificates.k8s.io",
      version: "*",
      resource: "signers",
      subresource: "",
      rest: "",
      namespace: "",
      name,
    });
    if (decision.decision === "Allow") return true;
  }
  return false;
}
