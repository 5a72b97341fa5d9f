import { Encrypter } from 'age-encryption';
import type { Frame } from '../domain/recording.ts';

/** Encrypts to all of them. @throws for a recipient that is none */
export function encrypterTo(recipients: readonly string[]): Encrypter {
  const encrypter = new Encrypter();
  for (const each of recipients) encrypter.addRecipient(each);
  return encrypter;
}

/** Frames as an age file of their own, in base64: a line of JSON each. https://age-encryption.org/v1 */
export async function sealFrames(encrypter: Encrypter, frames: readonly Frame[]): Promise<string> {
  const lines = frames.map(({ time, channel, bytes }) => {
    const line = { time, channel, base64: bufferOf(bytes).toString('base64') };
    return `${JSON.stringify(line)}\n`;
  });
  return bufferOf(await encrypter.encrypt(lines.join(''))).toString('base64');
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
