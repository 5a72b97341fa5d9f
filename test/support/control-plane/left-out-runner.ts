import { type RunnerTask, type RunnerTestFile, TestRunner } from 'vitest';

/** For COUNTERSIGN_TEST_CLUSTER=off: reads the cluster tests, so that they can be counted, and runs none. */
export default class LeftOutRunner extends TestRunner {
  onCollected(files: RunnerTestFile[]): void {
    for (const file of files) leaveOut(file);
  }
}

function leaveOut(task: RunnerTask): void {
  task.mode = 'skip';
  if (task.type === 'suite') for (const child of task.tasks) leaveOut(child);
}
