import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changes } from '../../../../src/domain/effect/diff.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../src/domain/json.ts';
import { anySpec, entry, flatten, object, shuffled, withManagers } from './objects.ts';

/** As the API server would hand it out: with managedFields that tell the lists. */
const managed = (spec: JsonObject): JsonObject => withManagers(object(spec), entry('m', 'Apply', { spec }));
const between = (live: JsonObject | undefined, dryRun: JsonObject) =>
  changes({ live, dryRunA: dryRun, dryRunB: dryRun, body: {}, sensitive: [] });
const isEmpty = (value: Json | undefined): boolean =>
  (isJsonObject(value) || Array.isArray(value)) && Object.keys(value).length === 0;
const leaves = (value: JsonObject): Map<string, Json> =>
  new Map([...flatten(value)].filter(([path]) => !path.startsWith('metadata.managedFields')));

describe('changes, for any two objects', () => {
  it('from an object to itself there are none, in whatever order members and keyed elements stand', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        expect(between(managed(spec), managed(shuffled(spec) as JsonObject)).changes).toEqual([]);
      }),
    );
  });

  it('are complete: put upon the live object they make the dry-run', () => {
    fc.assert(
      fc.property(fc.option(anySpec, { nil: undefined }), anySpec, (before, after) => {
        const live = before === undefined ? undefined : managed(before);
        const result = live === undefined ? new Map<string, Json>() : leaves(live);
        for (const { path, from, to } of between(live, managed(after)).changes) {
          if (!isEmpty(from)) expect(result.get(path), path).toEqual(from);
          if (to === undefined || isEmpty(to)) result.delete(path);
          else result.set(path, to);
        }
        expect(new Map([...result].sort())).toEqual(new Map([...leaves(managed(after))].sort()));
      }),
    );
  });

  it('come by path, and the same whatever the order of what is compared', () => {
    fc.assert(
      fc.property(anySpec, anySpec, (before, after) => {
        const found = between(managed(before), managed(after));
        const paths = found.changes.map(({ path }) => path);
        expect(paths).toEqual([...paths].sort());
        expect(between(managed(shuffled(before) as JsonObject), managed(shuffled(after) as JsonObject))).toEqual(found);
      }),
    );
  });

  it('leave out what differs between two dry-runs, and name it', () => {
    fc.assert(
      fc.property(anySpec, anySpec, anySpec, (before, a, b) => {
        const input = { live: managed(before), dryRunA: managed(a), dryRunB: managed(b), body: {}, sensitive: [] };
        const found = changes(input);
        const both = new Set(between(managed(a), managed(b)).changes.map(({ path }) => path));
        expect(found.changes.filter(({ path }) => found.varies.includes(path))).toEqual([]);
        for (const path of found.varies) expect(isCovered(path, both), path).toBe(true);
      }),
    );
  });

  it('take a time that grows with the size of the object, not with its square', () => {
    const big = (count: number, tag: string) =>
      managed({ items: Array.from({ length: count }, (_, index) => ({ name: `n${index}`, p: tag, q: index })) });
    const cpu = (count: number): number => {
      const [live, dryRun] = [big(count, 'a'), big(count, 'b')];
      const start = process.cpuUsage();
      expect(between(live, dryRun).changes).toHaveLength(count);
      const { user, system } = process.cpuUsage(start);
      return user + system;
    };
    cpu(500);
    // Eight times the size: about 8 where it is linear, 64 where it is not.
    expect(cpu(4000) / cpu(500)).toBeLessThan(32);
  });
});

/** A list that comes or goes as a whole is named by its elements on one side and as empty on the other. */
const isCovered = (path: string, known: ReadonlySet<string>): boolean =>
  known.has(path) || [...known].some((each) => each.startsWith(path) || path.startsWith(each));
