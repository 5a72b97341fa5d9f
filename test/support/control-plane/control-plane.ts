import type { PlainUser, TestUser } from './users.ts';

/** What a test knows of the cluster it runs against. Plain data, so that it can be handed to workers. */
export interface ControlPlaneInfo {
  /** A kubeconfig of an administrator, with the authority pinned. */
  readonly kubeconfigPath: string;
  /** The same administrator's rights through a client certificate; absent on somebody's own cluster. */
  readonly certificateKubeconfigPath: string | undefined;
  readonly server: string;
  /** PEM file of the authority that signed the server's certificate. */
  readonly caPath: string;
  /** Absent where the kubeconfig has no token. */
  readonly adminToken: string | undefined;
  /** The API server's own audit log, JSON lines; absent where we did not start it. */
  readonly auditLogPath: string | undefined;
  /** Users without rights. On somebody's own cluster they are service accounts, so bind `username`, never the key. */
  readonly users: Readonly<Record<PlainUser, TestUser>>;
  /** Which parts there are: without them no namespace finishes deleting, no pod is placed, no pod runs. */
  readonly has: { readonly controllerManager: boolean; readonly scheduler: boolean; readonly kwok: boolean };
  /** Process ids of what was started; empty where nothing was. */
  readonly pids: Readonly<Record<string, number>>;
  /** Everything that was written is in here; absent where nothing was started. */
  readonly folder: string | undefined;
}

/** A running control plane and the way to end it. */
export interface ControlPlane extends ControlPlaneInfo {
  /** Stops every process and removes every file of it. */
  stop(): Promise<void>;
}
