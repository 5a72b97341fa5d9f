import { invalid } from '../domain/errors.ts';

const idForm = /^rec-[0-9a-z]{26}$/;

/** The file of a recording, below the recordings folder. @throws Invalid for what is not the id of one */
export function recordingName(id: string): string {
  if (!idForm.test(id))
    throw invalid(`${JSON.stringify(id)} is not the id of a recording`, 'take it from the RecordingOpened line');
  return `${id}.jsonl`;
}
