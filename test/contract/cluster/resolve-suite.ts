import { describe, expect, it } from 'vitest';
import { type Harness, refusal } from './harness.ts';

export function resolveSuite(h: Harness): void {
  describe('resolving kinds', () => {
    it.each(['po', 'pod', 'pods', 'Pod', 'pods.v1'])('knows %s as pods', async (said) => {
      const type = await h.planning.resolve(said);
      expect(type).toMatchObject({ group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true });
      expect(type.servedBy).toBe('built-in');
      expect(type.subresources).toContain('exec');
    });

    it.each(['deploy', 'deployment', 'deployments.apps', 'deployments.v1.apps', 'Deployment.apps'])(
      'knows %s as deployments.apps',
      async (said) => {
        const type = await h.planning.resolve(said);
        expect(type).toMatchObject({ group: 'apps', version: 'v1', resource: 'deployments', singular: 'deployment' });
        expect(type.subresources).toContain('scale');
      },
    );

    it('knows a kind that a CustomResourceDefinition defines, and who serves it', async () => {
      const widget = await h.planning.resolve('wdg');
      expect(widget).toMatchObject({ group: 'fixtures.countersign.dev', resource: 'widgets', servedBy: 'crd' });
      expect(widget.subresources).not.toContain('scale');
      expect((await h.planning.resolve('fleet')).subresources).toContain('scale');
    });

    it('says which kind may have been meant', async () => {
      const error = await refusal(h.planning.resolve('deployement'));
      expect(error.code).toBe('Invalid');
      expect(error.message).toBe('Unknown kind "deployement"; did you mean deployments (apps/v1)?');
    });

    it('takes a kind of a manifest in exactly its version', async () => {
      expect((await h.planning.resolveKind('v1', 'Secret')).resource).toBe('secrets');
      const error = await refusal(h.planning.resolveKind('apps/v1beta1', 'Deployment'));
      expect(error.code).toBe('Invalid');
      expect(error.message).toContain('apps/v1');
      expect((await refusal(h.planning.resolveKind('v1', 'secret'))).code).toBe('Invalid');
    });

    it('lists what can be listed, once each', async () => {
      const names = (await h.planning.types()).map((type) => `${type.resource}.${type.group}`);
      expect(names).toEqual(
        expect.arrayContaining(['pods.', 'secrets.', 'deployments.apps', 'widgets.fixtures.countersign.dev']),
      );
      expect(new Set(names).size).toBe(names.length);
    });
  });
}
