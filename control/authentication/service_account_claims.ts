/** Names an object that a token stands or falls with. */
export interface ObjectClaim {
  readonly name: string;
  readonly uid?: string;
}

/** The private claim `kubernetes.io` of a service account token (KEP-1205, KEP-4193). */
export interface KubernetesClaim {
  readonly namespace: string;
  readonly serviceaccount: ObjectClaim;
  readonly pod?: ObjectClaim;
  readonly secret?: ObjectClaim;
  readonly node?: ObjectClaim;
  /** Seconds since 1970 after which use of an extended token is worth a warning. */
  readonly warnafter?: number;
}

/** What a service account token says. Times are seconds since 1970. */
export interface ServiceAccountClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly nbf: number;
  readonly jti: string;
  readonly "kubernetes.io": KubernetesClaim;
}

/** What a token kept in a secret of type `kubernetes.io/service-account-token` says. It does not expire. */
export interface LegacyClaims {
  readonly iss: typeof LEGACY_ISSUER;
  readonly sub: string;
  readonly "kubernetes.io/serviceaccount/namespace": string;
  readonly "kubernetes.io/serviceaccount/secret.name": string;
  readonly "kubernetes.io/serviceaccount/service-account.name": string;
  readonly "kubernetes.io/serviceaccount/service-account.uid": string;
}
export const LEGACY_ISSUER = "kubernetes/serviceaccount";
