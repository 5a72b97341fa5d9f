import type { RequestContext } from '../domain/cluster.ts';

/** Where one API server is and whom it is trusted to be. */
export interface Endpoint {
  /** `https://host:port`, without a path. */
  readonly origin: string;
  /** What stands before every path, where the API server lies behind a path (`/k8s/clusters/c-1`); else empty. */
  readonly basePath: string;
  /** The only authorities that are trusted, PEM; undefined for the sandbox alone, which has no TLS. */
  readonly tls: TlsMaterial | undefined;
  /** What AWS calls the cluster; undefined for one that is not on EKS. */
  readonly arn?: string;
}

/** How to reach and convince one API server. Made from a kubeconfig, a pod's service account or the sandbox. */
export interface Connection extends Endpoint {
  /** `host:port`, the one thing of it that errors name. */
  readonly host: string;
  readonly credentials: Credentials;
  /** The namespace that the kubeconfig's context names. */
  readonly namespace: string | undefined;
}

export interface TlsMaterial {
  readonly ca: string;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly servername: string | undefined;
}

/** Where the `Authorization` header comes from, the same for every call. */
export interface Credentials {
  /** The whole header value; undefined where a client certificate is all there is. Awaited only when it must be fetched. */
  authorization(): string | undefined | Promise<string>;
  /** The server did not accept it: fetch a new one next time. */
  rejected(): void;
}

/** The same where agent, person and approval of a call decide which credentials it gets. */
export interface TierCredentials {
  authorization(context: RequestContext): string | undefined | Promise<string>;
  rejected(context: RequestContext): void;
}
