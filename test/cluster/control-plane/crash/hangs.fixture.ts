import { writeFileSync } from 'node:fs';
import { it } from 'vitest';
import { controlPlane } from '../../../support/control-plane/namespace.ts';

it('says where its control plane is, and never ends', async () => {
  writeFileSync(process.env.COUNTERSIGN_CRASH_INFO ?? '', JSON.stringify(controlPlane()));
  await new Promise(() => setInterval(() => undefined, 60_000));
});
