import { recoverApprovals } from '../../../src/approval/recover.ts';
import { createRig } from '../../support/approvals.ts';
import { onceContract } from './once-suite.ts';
import { rulesContract } from './rules-suite.ts';
import { approvalsContract, type Subject } from './suite.ts';

const start = async (): Promise<Subject> => {
  const rig = await createRig();
  const { approvals } = await rig.second();
  return {
    ...rig,
    other: approvals,
    third: async () => {
      const { approvals: dying, state } = await rig.second();
      return { approvals: dying, die: () => state.close() };
    },
    recover: (authorized) => recoverApprovals({ ...rig.deps, wasAuthorized: async () => authorized }),
  };
};

approvalsContract('files', start);
onceContract('files', start);
rulesContract('files', start);
