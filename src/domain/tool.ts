/**
 * What a tool is made of. Tools import this file and zod, nothing else: a tool declares what it takes, plans requests from
 * it, and runs the plan. `run` never sees the input, so it cannot do what nobody reviewed.
 */
import { z } from 'zod';
import type { Json } from './json.ts';
import type { Control, Tool } from './tool-contract.ts';

export { definedBy } from './definition.ts';
export { CountersignError, invalid } from './errors.ts';
export type { JsonObject } from './json.ts';
export { stringAt } from './json.ts';
export { type LogView, showLogs } from './log-reading.ts';
export { parseManifest } from './manifest.ts';
export { podsOf } from './pods-of.ts';
export { type ReadView, showList, showOne } from './reading.ts';
export type { ListRequest } from './request.ts';
export type { ObjectRef, ResourceType } from './resource.ts';
export { checkName, checkNamespace, objectLabel, resourceGroup, sameObject } from './resource.ts';
export type * from './tool-contract.ts';

export const defineTool = <Input, View extends Json = Json>(
  tool: Omit<Tool<Input, View>, 'kind'>,
): Tool<Input, View> => ({
  kind: 'tool',
  ...tool,
});

/** Fields that several tools share, in the words that agents read. */
export const fields = {
  namespace: z.string().min(1).max(63).optional().describe('Omitted: the configured default namespace'),
  reason: z.string().trim().min(1).max(500).describe('Why, in one sentence; the approver sees it as your claim'),
  dryRun: z
    .boolean()
    .default(false)
    .describe('Show effect, diff and policy decision only; asks nobody, changes nothing'),
  resource: z.string().min(1).max(253).describe('As kubectl takes it: pods, deploy, deployments.apps, a CRD'),
  name: z.string().min(1).max(253),
};

/** What every result of a tool has, besides `next` and `cluster`; loose, because the SDK's client refuses fields that its cached schema does not know. */
export const resultShape = { status: z.string(), message: z.string() };

export const defineControl = <Input>(control: Omit<Control<Input>, 'kind'>): Control<Input> => ({
  kind: 'control',
  ...control,
});
