/**
 * A container that writes: an exec session over WebSocket, as kube-apiserver speaks it (v5.channel.k8s.io). `/?mb=N` is a program that
 * writes the text of the file in argv N times and ends with exit code 0. Says its port.
 */
const { readFileSync } = require('node:fs');
const { WebSocketServer } = require('ws');

const text = readFileSync(process.argv[2]);
const chunk = 32 * 1024;
const frames = [];
for (let at = 0; at < text.length; at += chunk)
  frames.push(Buffer.concat([Buffer.of(1), text.subarray(at, at + chunk)]));
const status = Buffer.concat([Buffer.of(3), Buffer.from('{"metadata":{},"status":"Success"}')]);

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('listening', () => console.log(server.address().port));
server.on('connection', async (socket, { url }) => {
  const times = Number(new URL(url, 'http://x').searchParams.get('mb'));
  const send = (frame) => new Promise((resolve) => socket.send(frame, resolve));
  for (let n = 0; n < times; n++) for (const frame of frames) await send(frame);
  await send(status);
  socket.close();
});
