import { homedir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { storeArgument } from '../../src/config/store-argument.ts'
import type { StoreSpec } from '../../src/model/store.ts'
import { failed } from '../support/failed.ts'

const recipient = 'age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq'
const other = 'age1qgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpquuzgag'

const read: readonly (readonly [text: string, spec: StoreSpec])[] = [
  ['keychain', { kind: 'keychain', service: 'fluxloop', account: 'ci-cd-pipeline-zürich', fallback: null }],
  ['env-file:.env', { kind: 'env-file', path: '/srv/.env', name: 'FLUXLOOP_API_KEY', declaredIn: '/srv' }],
  ['env-file:ci/.env:CI_KEY', { kind: 'env-file', path: '/srv/ci/.env', name: 'CI_KEY', declaredIn: '/srv' }],
  [
    'env-file:~/.env',
    { kind: 'env-file', path: join(homedir(), '.env'), name: 'FLUXLOOP_API_KEY', declaredIn: '/srv' },
  ],
  [
    'env-file:/a:b/{key}.env',
    { kind: 'env-file', path: '/a:b/{key}.env', name: 'FLUXLOOP_API_KEY', declaredIn: '/srv' },
  ],
  [
    `age-file:key.age:${recipient},${other}`,
    {
      kind: 'age-file',
      declaredIn: '/srv',
      path: '/srv/key.age',
      recipients: [recipient, other],
      identity: null,
      shared: false,
    },
  ],
  [
    'age-file:key.age:id.txt',
    {
      kind: 'age-file',
      declaredIn: '/srv',
      path: '/srv/key.age',
      recipients: [],
      identity: '/srv/id.txt',
      shared: false,
    },
  ],
]

t.test('--store names a store as the configuration does, with paths from the working directory', async t => {
  for (const [text, spec] of read)
    t.strictSame(storeArgument(text, 'CI/CD Pipeline (Zürich)', '/srv'), spec, text)
})

t.test('what names no store is a usage error that lists the forms', async t => {
  for (const text of [
    '',
    'vault',
    'env-file',
    'env-file:',
    'age-file:key.age',
    'age-file:key.age:',
    'keychain:x',
  ]) {
    const { code, hints } = await failed((async () => storeArgument(text, 'x', '/srv'))())
    t.equal(code, 'usage', text)
    t.match(hints.join('\n'), /--store keychain:[^]*--store env-file:PATH[^]*--store age-file:PATH/)
  }
})
