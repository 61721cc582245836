import type { ChangeLine, RunLine } from '../../../src/model/log.ts'

const by = { account: 'acme', key: 'deployer', key_id: 'key_1', host: 'ci-7', user: 'runner' }

export function runLine(run: string, at: string, stack = 'shop'): RunLine {
  return { format_version: '1.0', run, at, stack, by, event: 'run', plan: { create: 1, revoke: 2 } }
}

export function changeLine(run: string, at: string, key: string, stack = 'shop'): ChangeLine {
  return {
    format_version: '1.0',
    run,
    at,
    stack,
    by,
    event: 'change',
    key,
    id: 'key_9',
    action: 'create',
    reasons: [{ code: 'missing', message: 'It has no live key' }],
    outcome: { status: 'done', done: 'created', places: ['the keychain'] },
  }
}
