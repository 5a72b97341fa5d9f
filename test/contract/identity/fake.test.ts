import { createTestIdentity } from '../../support/identity.ts';
import { describeIdentity } from './suite.ts';

/** The tests of the transports believe this one. */
describeIdentity('the fake of the transport tests', async () => {
  const identity = createTestIdentity();
  return {
    ...identity,
    token: async (agent) => agent,
    suspend: async (agent) => identity.suspend(agent),
    revoke: async (session) => identity.revoke(session),
    close: async () => undefined,
  };
});
