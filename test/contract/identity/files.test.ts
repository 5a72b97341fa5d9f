import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditLog } from '../../../src/domain/audit-event.ts';
import { openSessionFiles } from '../../../src/identity/session-files.ts';
import { openSessions, sessionName } from '../../../src/identity/sessions.ts';
import { openSuspensions } from '../../../src/identity/suspensions.ts';
import { openState } from '../../../src/state/state.ts';
import { systemClock as clock, systemRandom as random } from '../../../src/system.ts';
import { authenticatorOf, claimsOf, silent as log } from '../../support/identity/authenticator.ts';
import { startOidc } from '../../support/identity/oidc.ts';
import { describeIdentity } from './suite.ts';

const quiet: Pick<AuditLog, 'append' | 'note'> = { append: async () => undefined, note: () => undefined };

describeIdentity('tokens of an identity provider, files of the state directory', async () => {
  const root = await mkdtemp(join(tmpdir(), 'cs-identity-'));
  const [oidc, state, elsewhere] = await Promise.all([
    startOidc(),
    openState({ root, clock, random, log }),
    openState({ root, clock, random, log }),
  ]);
  const suspensions = await openSuspensions({ state, log });
  const limits = { hours: 12, idleMinutes: 60, perPrincipal: 100 };
  const sessions = await openSessions({ state, audit: quiet, suspensions, limits, clock, random, log });
  const others = {
    suspensions: await openSuspensions({ state: elsewhere, log }),
    files: await openSessionFiles(elsewhere),
  };
  return {
    authenticator: authenticatorOf(oidc),
    sessions,
    suspensions,
    token: (agent) => oidc.sign(claimsOf(oidc, { sub: agent, act: { sub: agent } })),
    suspend: async (name) => void (await others.suspensions.suspend({ name, reason: '', by: 'op', at: clock.now() })),
    revoke: async (session) => void (await others.files.revoke(sessionName(session))),
    close: async () => {
      await sessions.close();
      suspensions.close();
      others.suspensions.close();
      await Promise.all([state.close(), elsewhere.close(), oidc.close()]);
      await rm(root, { recursive: true, force: true });
    },
  };
});
