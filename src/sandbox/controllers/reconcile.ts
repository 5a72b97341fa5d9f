import type { World } from '../world.ts';
import { collect } from './collect.ts';
import { reconcileDefinitions } from './definitions.ts';
import { runPods } from './pods.ts';
import { reconcileWorkloads } from './workloads.ts';

/** More passes than any world of a sandbox needs: a loop that does not settle is a fault, and is said. */
const mostPasses = 10_000;

/** Runs every controller until nothing changes any more. Called after each write that was not a dry-run. */
export function reconcile(world: World): void {
  for (let pass = 0; pass < mostPasses; pass += 1) {
    const steps = [reconcileDefinitions, reconcileWorkloads, runPods, collect];
    if (!steps.map((step) => step(world)).some(Boolean)) return;
  }
  throw new Error(`the sandbox's controllers did not settle in ${mostPasses} passes`);
}
