import type { NewKey, PlatformClient } from '../../src/platform/types.ts'

export const newKey: NewKey = {
  name: 'n',
  description: '',
  marker: null,
  environment: null,
  scope: 'all',
  permissions: ['read_scenarios'],
  expires: { kind: 'never' },
}

/** Every call of the client, by name. */
export const calls: Readonly<Record<string, (client: PlatformClient) => Promise<unknown>>> = {
  list: client => client.list(),
  get: client => client.get('key_abc123'),
  create: client => client.create(newKey, 'idem-1'),
  update: client => client.update('key_abc123', { name: 'x' }, { ifMatch: '3' }),
  regenerate: client => client.regenerate('key_abc123', { ifMatch: '3', idempotencyKey: 'idem-1' }),
  revoke: client => client.revoke('key_abc123'),
  usage: client => client.usage('key_abc123', 30),
  whoami: client => client.whoami(),
  projects: client => client.projects(),
}

/** What a call rejects with; null where it resolves. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  )
}
