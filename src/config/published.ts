import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The JSON Schema of `countersign.yaml`, for editors: docs/countersign.schema.json. */
export const publishedSchema = (): object => ({
  title: 'countersign.yaml',
  ...z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }),
});
