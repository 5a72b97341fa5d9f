import { contextsOf } from '../compose/contexts.ts';
import type { Compose, Composition } from '../composition.ts';
import { type LoadedConfig, loadConfig } from '../config.ts';
import { withContexts } from '../domain/contexts.ts';
import type { Log } from '../domain/environment.ts';
import { CountersignError, toCountersignError } from '../domain/errors.ts';
import type { Invoke } from '../domain/invocation.ts';
import { ident, type Masked, say } from '../domain/masked.ts';
import { systemClock } from '../system.ts';
import type { CallSettings } from '../transport/calls.ts';
import { refusalWithoutGate } from '../transport/own-outcomes.ts';
import { defaultWaits, type Patience, type WaitTable, waitBudgets } from '../transport/wait-budget.ts';
import { createStdioCaller, nobody } from './caller.ts';
import { policyText } from './policy/text.ts';

/** Everything behind the wire, opened when it is first needed. */
export interface Backend {
  readonly invoke: Invoke;
  readonly settings: () => CallSettings | Promise<CallSettings>;
  /** The rules that concern the caller, in words. Never rejects. */
  readonly policy: () => Promise<Masked<string>>;
  /** Begins to open; what fails is told by each call, and tried again by the next. */
  readonly open: () => void;
  close(): Promise<void>;
}

export interface BackendOptions {
  readonly config: string | undefined;
  readonly sandbox: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly loadCompose: () => Promise<Compose>;
  /** Told when everything is open. */
  readonly opened?: (composition: Composition) => void;
}

export function createBackend(options: BackendOptions): Backend {
  const { log } = options;
  const load = retried(() => loadConfig(options.config, options.env));
  const open = retried(async (): Promise<Composition> => {
    const [{ config }, compose] = await Promise.all([load(), options.loadCompose()]);
    const composition = await compose(config, { sandbox: options.sandbox, serves: true, env: options.env, log });
    options.opened?.(composition);
    return composition;
  });
  const identify = createStdioCaller(options.env, systemClock);
  const configured = retried(async () => settingsOf(await load(), options.sandbox));

  return {
    invoke: async (invocation) => {
      try {
        const composition = open.made() ?? (await open());
        const who = identify(composition, invocation.client);
        const { principal, standing } = who instanceof Promise ? await who : who;
        return await composition.invoke({ ...invocation, principal, standing });
      } catch (thrown) {
        return refusalWithoutGate(told(thrown, log));
      }
    },
    settings: () =>
      configured.made() ??
      configured().catch((thrown) => {
        told(thrown, log);
        return settingsOf(undefined, options.sandbox);
      }),
    policy: async () => {
      try {
        const composition = await open();
        const { principal } = await identify(composition, { name: 'unknown', version: 'unknown' });
        return policyText(composition.policy.bundle(), principal);
      } catch (thrown) {
        return say`The policy cannot be read: ${ident(told(thrown, log).message)}. Until it can, every call is refused.`;
      }
    },
    open: () => void open().catch((thrown) => told(thrown, log)),
    close: async () => {
      const last = await open.current()?.catch(() => undefined);
      await last?.close();
    },
  };
}

async function settingsOf(loaded: LoadedConfig | undefined, sandbox: boolean): Promise<CallSettings> {
  const waits = waitTable(loaded);
  // Loaded here: the client has its answer to `initialize` before the schemas are made.
  const { tools } = await import('../../tools/index.ts');
  return {
    tools: withContexts(tools, contextsOf(loaded?.config, sandbox)),
    prefix: loaded?.config.tools.prefix ?? '',
    // Who calls is found out when everything is open, in `invoke`.
    principal: () => nobody,
    waitBudget: waitBudgets(waits),
  };
}

/** The error for the agent; the operator finds it in the log, cause included. */
function told(thrown: unknown, log: Log): CountersignError {
  const error = toCountersignError(thrown);
  const cause = error.cause instanceof Error ? error.cause.stack : undefined;
  log.error(error.message, { code: error.code, details: error.lines.join('; ') || undefined, cause });
  return error.hint === undefined
    ? new CountersignError(error.code, error.message, {
        lines: error.lines,
        hint: 'tell the operator: `countersign doctor` says what is wrong',
      })
    : error;
}

interface Retried<T> {
  (): Promise<T>;
  current(): Promise<T> | undefined;
  /** For who asks at each call: what a promise holds is waited for, also when it is there. */
  made(): T | undefined;
}

/** The same promise for everybody; after a failure the next one who asks tries again, so that a repaired file needs no restart. */
function retried<T>(make: () => Promise<T>): Retried<T> {
  let current: Promise<T> | undefined;
  let made: T | undefined;
  const get = (): Promise<T> => {
    if (current === undefined) {
      const attempt = make();
      current = attempt;
      attempt.then(
        (value) => {
          made = value;
        },
        () => {
          if (current === attempt) current = undefined;
        },
      );
    }
    return current;
  };
  return Object.assign(get, { current: () => current, made: () => made });
}

export function waitTable(loaded: LoadedConfig | undefined): WaitTable {
  if (loaded === undefined) return defaultWaits;
  const { clients, withProgress, withoutProgress } = loaded.config.waits;
  const own = Object.entries(clients).map(([name, patience]) => [name, milliseconds(patience)] as const);
  const named = new Set(own.map(([name]) => name));
  const others = Object.entries(defaultWaits.clients).filter(([name]) => !named.has(name));
  return {
    clients: Object.fromEntries([...own, ...others]),
    withProgress: milliseconds(withProgress),
    withoutProgress: milliseconds(withoutProgress),
  };
}

const milliseconds = (patience: Patience): Patience => (patience === 'decideWithin' ? patience : patience * 1000);
