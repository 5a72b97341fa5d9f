import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExecEnd, ExecutionHandle } from '../../../src/domain/cluster.ts';
import { CountersignError } from '../../../src/domain/errors.ts';
import type { Frame, Recorder } from '../../../src/domain/recording.ts';
import { readRaw } from '../../../src/recording/raw-read.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { createGateRig, type GateOptions, type GateRig } from '../../support/gate.ts';

const password = 'sandbox-only-T4ble-Lamp-91';
let rig: GateRig;
afterEach(() => rig.close());

type Program = (write: (channel: Frame['channel'], text: string | Uint8Array) => Promise<void>) => Promise<ExecEnd>;
const ended: ExecEnd = { exitCode: 0, timedOut: false, reason: undefined };

/** A gate whose programs write what a test says, in place of the sandbox's. */
async function running(program: Program, options: GateOptions = {}): Promise<GateRig> {
  rig = await createGateRig({
    ...options,
    around: (cluster) => ({
      ...cluster,
      execution: (grant, context) => {
        const handle = cluster.execution(grant, context);
        const exec: ExecutionHandle['exec'] = (_, onFrame) =>
          program((channel, text) => onFrame({ channel, bytes: Buffer.from(text), time: rig.clock.now() }));
        return { ...handle, send: (request) => handle.send(request), logs: (...of) => handle.logs(...of), exec };
      },
    }),
  });
  return rig;
}

async function answered() {
  const { body } = await rig.kube('GET', '/api/v1/namespaces/shop/pods');
  const pod = (body.items as readonly { metadata: { name: string } }[])[0]?.metadata.name ?? '';
  const { approval, answer } = await rig.hold('exec', { pod, command: ['env'], reason: 'look' });
  await rig.vote(approval.id);
  return answer;
}

const recorded = (): string =>
  readdirSync(join(rig.root, 'recordings'))
    .map((file) => readFileSync(join(rig.root, 'recordings', file), 'utf8'))
    .join('');

describe('what a program writes', () => {
  it('is masked however it is cut, and stands in the recording while the program runs', async () => {
    const seen: string[] = [];
    await running(async (write) => {
      for (const byte of Buffer.from(`DB_PASSWORD=${password}\n`)) await write('stdout', Uint8Array.of(byte));
      await write('stdout', 'and a line of plain words that nothing is kept back of\n'.repeat(200));
      seen.push(recorded());
      await write('stderr', 'done\n');
      return ended;
    });
    const { status, data, text } = await answered();
    expect(status, text).toBe('executed');
    expect(seen[0]).toContain('[masked Secret db/password]');
    expect(data.stdout).toMatch(/^DB_PASSWORD=\[masked Secret db\/password\]\nand a line of plain words/);
    expect(data.stderr).toBe('done\n');
    expect(JSON.stringify(data) + text + recorded()).not.toContain(password);
    expect(rig.types()).toEqual(expect.arrayContaining(['RecordingOpened', 'RecordingClosed', 'Executed']));
    const authorized = rig.events.find(({ type }) => type === 'Authorized');
    expect(authorized?.fields).toMatchObject({ needs: 1 });
    // exec has no such precondition, and what is not there is not said as empty.
    expect(authorized?.fields).not.toHaveProperty('resourceVersion');
  });

  it('is given in part where it is much, and recorded whole', async () => {
    const line = `${'x'.repeat(99)}\n`;
    await running(async (write) => {
      for (let n = 0; n < 12; n += 1) await write('stdout', line.repeat(1_000));
      return ended;
    });
    const { status, data, message } = await answered();
    expect(status).toBe('executed');
    // With the newline behind the last line that is given.
    expect(data.droppedBytes).toBe(200_001);
    expect(message).toContain('200001 bytes of output were left out; the recording has them.');
    expect(recorded().split('x').length).toBeGreaterThan(99 * 12_000);
  });

  it('ends the session at the bound of what is recorded, and nobody says that it failed', async () => {
    const left: unknown[] = [];
    await running(
      async (write) => {
        try {
          for (;;) await write('stdout', `${'y'.repeat(99)}\n`.repeat(100));
        } catch (thrown) {
          left.push(thrown);
          throw thrown;
        }
      },
      { limits: { recordedBytes: 50_000 } },
    );
    const { status, message, next } = await answered();
    expect(status).toBe('unknown');
    expect(left).toHaveLength(1);
    expect(message).toContain('wrote more than the 50000 bytes that are recorded: the session was ended');
    expect(next).toMatch(/look/i);
    expect(rig.types().at(-1)).not.toBe('Failed');
    expect(rig.types()).toContain('RecordingClosed');
  });

  it.each([
    ['in the middle', 'write'],
    ['at its end', 'end'],
  ] as const)('is unknown, and not failed, where the disk of the recordings is full %s', async (_, breaks) => {
    await running(async (write) => {
      await write('stdout', `${'z'.repeat(99)}\n`.repeat(50));
      await write('stdout', `${'z'.repeat(99)}\n`.repeat(50));
      return ended;
    });
    const full = new CountersignError('AuditUnavailable', 'the recording cannot be written (ENOSPC)');
    const start = rig.ports.recorder.start.bind(rig.ports.recorder);
    const broken: Recorder['start'] = async (header) => {
      const recording = await start(header);
      const { write, end } = recording;
      return {
        id: recording.id,
        write: breaks === 'write' ? () => Promise.reject(full) : write,
        end: breaks === 'end' ? () => Promise.reject(full) : end,
      };
    };
    Object.assign(rig.ports.recorder, { start: broken });
    const { status, message } = await answered();
    expect(status).toBe('unknown');
    expect(message).toMatch(
      breaks === 'write' ? /could not be recorded any more/ : /exit code 0, and its recording could not be sealed/,
    );
    expect(rig.types()).toContain('Unknown');
    expect(rig.types()).not.toContain('Failed');
  });

  it('is kept raw besides only as what the key elsewhere opens, stdin and all', async () => {
    const identity = await generateX25519Identity();
    const script = async (write: Parameters<Program>[0]): Promise<ExecEnd> => {
      await write('stdin', 'typed');
      await write('stdout', `DB_PASSWORD=${password}\n`);
      return ended;
    };
    await running(script);
    await keepRaw(identity);
    expect((await answered()).status).toBe('executed');
    expect(recorded()).toContain('[masked Secret db/password]');
    expect(recorded()).not.toContain(password);
    const [id = ''] = readdirSync(join(rig.root, 'recordings')).map((name) => name.split('.')[0]);
    const raw = await readRaw(join(rig.root, 'recordings'), id, [identity]);
    expect(raw.map(({ channel, text }) => [channel, text])).toEqual([
      ['stdin', 'typed'],
      ['stdout', `DB_PASSWORD=${password}\n`],
    ]);
  });

  it('has a bound of its own where it is kept raw: what the mask takes out counts', async () => {
    const sent: number[] = [];
    await running(
      async (write) => {
        for (;;) {
          await write('stdout', new Uint8Array(10_000));
          sent.push(10_000);
        }
      },
      { limits: { recordedBytes: 50_000 } },
    );
    await keepRaw(await generateX25519Identity());
    const { status, message } = await answered();
    expect(status).toBe('unknown');
    expect(message).toContain('wrote more than the 50000 bytes that are recorded');
    expect(sent).toHaveLength(5);
  });
});

/** From now on. */
async function keepRaw(identity: string): Promise<void> {
  const rawTo = [await identityToRecipient(identity)];
  const folder = join(rig.root, 'recordings');
  Object.assign(rig.ports.recorder, createRecorder({ folder, rawTo, clock: rig.clock, random: realRandom }));
}
const realRandom = { bytes: (length: number) => randomBytes(length) };
