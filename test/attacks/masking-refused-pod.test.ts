import { expect, test } from 'vitest';
import { open } from '../../src/domain/masked.ts';
import { createMasker } from '../../src/masking/masker.ts';
import { silent } from '../support/approvals.ts';

/**
 * An agent tries, in a dry run, to change the arguments of a Pod: the API server (1.36) refuses with a diff of the pod as it is,
 * secret arguments of others among it. Older ones print Go structs.
 */

const masker = createMasker({ log: silent });
const refused =
  'Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`\n';
const diff = `@@ -96,8 +96,8 @@
    "Command": null,
    "Args": [
     "--password",
-    "S3cretHunter",
-    "a"
+    "guess",
+    "b"
    ],
`;
const structs = `  core.PodSpec{
  	Containers: []core.Container{
- 		{Args: []string{"--password", "S3cretHunter"}},
`;

test.each([diff, structs])('the pod that is quoted in a refusal is not shown', (quoted) => {
  const text = open(masker.text(refused + quoted));
  expect(text).toContain('pod updates may not change fields');
  expect(text).not.toContain('S3cretHunter');
  const causes = {
    kind: 'Status',
    apiVersion: 'v1',
    message: refused + quoted,
    details: { causes: [{ reason: 'FieldValueForbidden', message: refused + quoted }] },
  };
  expect(JSON.stringify(open(masker.object(causes).value))).not.toContain('S3cretHunter');
});
