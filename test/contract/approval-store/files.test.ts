import { createRig } from '../../support/approvals.ts';
import { onceContract } from './once-suite.ts';
import { approvalsContract, type Subject } from './suite.ts';

const start = async (): Promise<Subject> => {
  const rig = await createRig();
  const { approvals } = await rig.second();
  return { ...rig, other: approvals };
};

approvalsContract('files', start);
onceContract('files', start);
