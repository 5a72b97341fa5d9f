import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import type { Person } from '../../../src/domain/approval.ts';
import { localPrincipal, localUser, processUser } from '../../../src/identity/local.ts';

const ana: Person = { id: 'ana@example.com', name: 'Ana', groups: ['sre'], osUsers: ['ana'] };
const people = { byOsUser: (name: string) => (name === 'ana' ? ana : undefined) };

test('the local caller is not verified, and stands for the person that the registry has for its user', () => {
  expect(localPrincipal('ana', people)).toEqual({
    issuer: 'local',
    subject: 'ana',
    groups: [],
    agent: 'local:ana',
    person: 'ana@example.com',
    verified: false,
  });
});

test('a user without a record stands for nobody, and groups of a person are not those of the agent', () => {
  expect(localPrincipal('bo', people)).not.toHaveProperty('person');
  expect(localPrincipal('ana', people).groups).toEqual([]);
});

test('a name that could be taken for another is visible', () => {
  expect(localPrincipal('\u0430na', people).agent).toBe('local:\\u{430}na');
});

test('with sudo the caller is who ran sudo; without it nobody is, and the process is not taken for its owner', () => {
  const owner = { username: 'countersign', uid: 990 };
  expect(localUser('sudo', { ...owner, env: { SUDO_USER: 'ana', SUDO_UID: '1000' } })).toBe('ana');
  for (const env of [
    {},
    { SUDO_USER: 'ana' },
    { SUDO_USER: 'ana', SUDO_UID: '990' },
    { SUDO_USER: '', SUDO_UID: '1000' },
  ])
    expect(() => localUser('sudo', { ...owner, env })).toThrow(/not started by another user through sudo/);
});

test('what sudo says counts only where the configuration asks for it', () => {
  const env = { SUDO_USER: 'ana', SUDO_UID: '1000' };
  expect(localUser('enabled', { username: 'bo', uid: 990, env })).toBe('bo');
  expect(localUser('off', { username: 'bo', uid: 990, env })).toBe('bo');
});

test('a user with a number and no name, as in a container, is called by the number', () => {
  const nameless = (): never => {
    throw new Error('uv_os_get_passwd returned ENOENT (no such file or directory)');
  };
  const uid = process.getuid?.() ?? 0;
  expect(processUser(nameless)).toEqual({ username: `uid:${uid}`, uid });
  expect(processUser()).toEqual({ username: userInfo().username, uid });
});
