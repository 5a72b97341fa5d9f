import { expect, test } from 'vitest';
import { defaultWaits, waitBudgets } from '../../../src/transport/wait-budget.ts';

const budgetOf = waitBudgets(defaultWaits);

test.each([
  ['Visual Studio Code', true, 240_000],
  ['vscode-insiders', false, 240_000],
  ['JetBrains Copilot', true, 25_000],
  ['cursor', false, 50_000],
  ['cursor', true, 230_000],
  ['', false, 50_000],
])('%s (progress: %s) waits %d ms', (client, progress, budget) => {
  expect(budgetOf(client, progress)).toBe(budget);
});

test('claude-code waits as long as the approval is open, with a delay that a timer takes', () => {
  expect(budgetOf('claude-code', false)).toBe(2 ** 31 - 1);
});

test('the operator decides', () => {
  const ofOperator = waitBudgets({ clients: { cursor: 5_000 }, withProgress: 2_000, withoutProgress: 1_000 });
  expect(ofOperator('Cursor 1.2', true)).toBe(5_000);
  expect(ofOperator('claude-code', true)).toBe(2_000);
});
