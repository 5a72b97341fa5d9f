import type { TestProject } from 'vitest/node';
import type { ControlPlaneInfo } from './control-plane.ts';
import { startControlPlane } from './start.ts';

declare module 'vitest' {
  interface ProvidedContext {
    controlPlane: ControlPlaneInfo;
  }
}

/** Starts the control plane once for all cluster tests of a run; vitest calls this only when some are to run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...info } = await startControlPlane(process.env, (line) => {
    process.stderr.write(`control plane: ${line}\n`);
  });
  project.provide('controlPlane', info);
  return stop;
}
