import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseNotes } from '../../../src/audit/checkpoint/note.ts';
import { createSink } from '../../../src/audit/checkpoint/sinks.ts';
import { verify } from '../../../src/audit/verify/verify.ts';
import { type Certificates, makeCertificates } from '../../support/control-plane/certificates.ts';
import { checkpointed } from './checkpointed.ts';
import { event, temporaryFolder } from './support.ts';

interface Elsewhere {
  readonly url: string;
  readonly caFile: string;
  readonly got: {
    readonly body: string;
    readonly authorization: string | undefined;
    readonly type: string | undefined;
  }[];
  status: number;
  readonly server: Server;
}

/** A place that keeps notes, over TLS with an authority of its own. */
async function elsewhere(): Promise<Elsewhere> {
  const { caCert, serverCert, serverKey }: Certificates = await makeCertificates({ user: 'x', group: 'x' });
  const server = createServer({ cert: serverCert, key: serverKey });
  const caFile = join(temporaryFolder(), 'ca.pem');
  writeFileSync(caFile, caCert);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const place: Elsewhere = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/notes`,
    ...{ caFile, got: [], status: 201, server },
  };
  server.on('request', (request, response) => {
    const { authorization, 'content-type': type } = request.headers;
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      if (place.status < 300) place.got.push({ body, authorization, type });
      response.writeHead(place.status, place.status === 302 ? { location: place.url } : {}).end();
    });
  });
  return place;
}

it('sends each note over TLS to who its authority vouches for, and what is kept there proves the log', async () => {
  const folder = temporaryFolder();
  const place = await elsewhere();
  const { audit, key, sink, close } = await checkpointed({ folder });
  const https = createSink({ url: place.url, ca: place.caFile, authorization: 'Bearer sink-token' });
  sink.put = (note) => https.put(note);
  await audit.append(event('Planned', 'one'));
  await close();
  expect(place.got).toMatchObject([{ authorization: 'Bearer sink-token', type: 'text/plain; charset=utf-8' }]);
  const against = parseNotes(place.got[0]?.body ?? '');
  expect(await verify(folder, { keys: [key], against })).toMatchObject({ consistent: true, faults: [] });
});

it('sends nothing to who cannot show a certificate of that authority', async () => {
  const [place, other] = [await elsewhere(), await elsewhere()];
  await expect(createSink({ url: place.url }).put('note\n')).rejects.toThrow(/certificate/);
  await expect(createSink({ url: place.url, ca: other.caFile }).put('note\n')).rejects.toThrow();
  expect(place.got).toEqual([]);
});

it.each([302, 404, 500])('takes %i for an answer that says no', async (status) => {
  const place = await elsewhere();
  place.status = status;
  const sink = createSink({ url: place.url, ca: place.caFile });
  await expect(sink.put('note\n')).rejects.toThrow(`it answered ${status}`);
  place.status = 204;
  await sink.put('note\n');
  expect(place.got).toHaveLength(1);
});

it('says why nobody is there', async () => {
  const place = await elsewhere();
  place.server.close();
  await once(place.server, 'close');
  await expect(createSink({ url: place.url, ca: place.caFile }).put('note\n')).rejects.toThrow('ECONNREFUSED');
});

it('adds notes to a file elsewhere, which then proves the log by its name', async () => {
  const folder = temporaryFolder();
  const path = join(temporaryFolder(), 'checkpoints.txt');
  const { audit, checkpoints, key, sink, close } = await checkpointed({ folder });
  const file = createSink({ file: path });
  sink.put = (note) => file.put(note);
  for (const n of ['one', 'two']) {
    await audit.append(event('Planned', n));
    await checkpoints.now('time');
  }
  await close();
  const against = parseNotes(readFileSync(path, 'utf8'));
  expect(against).toHaveLength(2);
  expect(await verify(folder, { keys: [key], against })).toMatchObject({ consistent: true, faults: [] });
  const folderThere = join(temporaryFolder(), 'a-folder');
  mkdirSync(folderThere);
  await expect(createSink({ file: folderThere }).put('note\n')).rejects.toThrow('EISDIR');
  await expect(createSink({ file: join(folderThere, 'no', 'where') }).put('note\n')).rejects.toThrow('ENOENT');
});
