import type { Config } from '../config.ts';
import type { Approvals, PeopleRegistry } from '../domain/approval.ts';
import type { AuditLog } from '../domain/audit-event.ts';
import type { Clock, Log, Random } from '../domain/environment.ts';
import type { Authenticator } from '../domain/identity.ts';
import type { State } from '../domain/state.ts';
import type { AnyTool } from '../domain/tool.ts';
import { createProofFiles } from '../identity/proof-files.ts';
import { type OpenSessions, openSessions } from '../identity/sessions.ts';
import type { SuspensionStore } from '../identity/suspensions.ts';

/** Who may call, as every transport asks. */
export interface Identity {
  /** Undefined: the configuration names no issuer, and no token is taken. */
  readonly authenticator: Authenticator | undefined;
  readonly sessions: OpenSessions;
  readonly suspensions: SuspensionStore;
  /** Ends what waits for people in the name of somebody suspended. In a process that serves it is called at every change. */
  withdrawSuspended(): Promise<void>;
  close(): Promise<void>;
}

export interface IdentityDeps {
  readonly config: Config['identity'];
  readonly people: PeopleRegistry;
  readonly suspensions: SuspensionStore;
  readonly approvals: Approvals;
  readonly tools: readonly AnyTool[];
  readonly state: State;
  readonly audit: AuditLog;
  readonly serves: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export async function openIdentity(deps: IdentityDeps): Promise<Identity> {
  const { config, state, audit, suspensions, clock, random, log } = deps;
  const sessions = await openSessions({ state, audit, suspensions, limits: config.sessions, clock, random, log });
  const withdrawSuspended = (): Promise<void> => withdraw(deps.approvals, suspensions);
  const inTheBackground = (): void =>
    void withdrawSuspended().catch((thrown: unknown) =>
      log.error('approvals of somebody suspended could not be withdrawn', { cause: String(thrown) }),
    );
  const stop = deps.serves ? suspensions.watch(inTheBackground) : () => undefined;
  if (deps.serves) inTheBackground();
  return {
    // Loaded only where it is used: its libraries are a tenth of a start.
    authenticator:
      config.issuers.length === 0
        ? undefined
        : (await import('../identity/authenticator.ts')).createAuthenticator(config, {
            ...deps,
            takeProof: createProofFiles(state, clock),
          }),
    sessions,
    suspensions,
    withdrawSuspended,
    close: async () => {
      stop();
      await sessions.close();
      suspensions.close();
    },
  };
}

async function withdraw(approvals: Approvals, suspensions: SuspensionStore): Promise<void> {
  if ((await suspensions.list()).length === 0) return;
  for (const { id, principal } of await approvals.list({ open: true })) {
    const found = suspensions.find(principal);
    if (found !== undefined) await approvals.close(id, 'withdraw', `${found.name} was suspended by ${found.by}`);
  }
}
