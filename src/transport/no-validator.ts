import type { JsonSchemaValidator, jsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/types.js';

/**
 * The SDK validates elicitation answers (server) and structured results (client) by JSON Schema. We use neither: the gate
 * checks what comes in, and a validator library would cost a fifth of the start.
 */
export const noValidator: jsonSchemaValidator = {
  getValidator:
    <T>(): JsonSchemaValidator<T> =>
    (input) => ({ valid: true, data: input as T, errorMessage: undefined }),
};
