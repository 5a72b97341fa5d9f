import type { AnyTool } from '../src/domain/tool.ts';
import apply from './apply.ts';
import approval from './approval.ts';
import deleteObjects from './delete.ts';
import exec from './exec.ts';
import get from './get.ts';
import logs from './logs.ts';
import scale from './scale.ts';

/** Every tool that agents see, in the order in which they read the list. */
export const tools: readonly AnyTool[] = [get, logs, apply, deleteObjects, scale, exec, approval];
