import { createRig } from '../../support/approvals.ts';
import { approvalsContract } from './suite.ts';

approvalsContract('files', async () => {
  const rig = await createRig();
  const { approvals } = await rig.second();
  return { ...rig, other: approvals };
});
