import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { Failure } from '../../../src/model/failure.ts'
import { keyringHome } from '../../../test/support/keyring.ts'
import { needs } from '../../../test/support/needs.ts'
import type { CredentialReference } from '../../src/file/fleet.ts'
import { type CredentialSurroundings, resolveCredential } from '../../src/file/resolve-credential.ts'
import { folderWith } from '../support/fleet-folder.ts'

const secret = 'flux_prod_sEnTiNeL0123456789abcdef'

function surroundings(env: NodeJS.ProcessEnv = {}, timeout = 20_000): CredentialSurroundings {
  return {
    env: { PATH: process.env['PATH'], ...env },
    timeout,
    stores: () => Promise.reject(new Error('nobody asked for the keychain')),
  }
}

async function refusal(t: Test, reference: CredentialReference, around = surroundings()): Promise<Failure> {
  try {
    await resolveCredential(reference, around)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    t.notMatch(
      inspect([error, error.message, error.hints], { depth: 9 }),
      /sEnTiNeL/,
      'nothing of the secret',
    )
    return error
  }
  throw new Error('it was resolved')
}

t.test('takes a variable of the environment, without the white space around it', async t => {
  const found = await resolveCredential({ kind: 'env', name: 'KEY' }, surroundings({ KEY: ` ${secret}\n` }))
  t.equal(found.reveal(), secret)
})

t.test('says what is wrong with a variable, and nothing of what is in it', async t => {
  const reference = { kind: 'env', name: 'KEY' } as const
  t.match(await refusal(t, reference), {
    code: 'authentication',
    message: 'There is no secret in the environment variable KEY: it is not set',
  })
  t.match(await refusal(t, reference, surroundings({ KEY: ' ' })), { message: /it is empty/ })
  for (const value of [
    `${secret} ${secret}`,
    `a\n${secret}`,
    `${secret}\u0007`,
    'é',
    `${secret}${'x'.repeat(9_000)}`,
  ])
    t.match(await refusal(t, reference, surroundings({ KEY: value })), {
      message: 'What is in the environment variable KEY is not a secret',
    })
})

t.test('reads a file that only its owner may open', async t => {
  const folder = await folderWith(t, { key: `${secret}\n` })
  const path = join(folder, 'key')
  await chmod(path, 0o600)
  t.equal((await resolveCredential({ kind: 'file', path }, surroundings())).reveal(), secret)
  await chmod(path, 0o400)
  t.equal((await resolveCredential({ kind: 'file', path }, surroundings())).reveal(), secret)
})

t.test('refuses a file that others may open, is missing, too large or none', async t => {
  const folder = await folderWith(t, { key: secret, large: secret.repeat(4_000) })
  const path = join(folder, 'key')
  for (const mode of [0o604, 0o660, 0o666, 0o644, 0o620]) {
    await chmod(path, mode)
    t.match(await refusal(t, { kind: 'file', path }), {
      code: 'refused',
      message: `${path} may be opened by other users (mode 0${mode.toString(8)})`,
      hints: [/chmod 600/],
    })
  }
  t.match(await refusal(t, { kind: 'file', path: join(folder, 'none') }), {
    message: /there is no such file/,
  })
  t.match(await refusal(t, { kind: 'file', path: folder }), { message: /is not a regular file/ })
  t.match(await refusal(t, { kind: 'file', path: join(folder, 'large') }), {
    message: /is larger than 64 kB/,
  })
  await writeFile(path, '\n')
  await chmod(path, 0o600)
  t.match(await refusal(t, { kind: 'file', path }), { message: /it is empty/ })
})

async function program(t: Test, text: string): Promise<readonly string[]> {
  const folder = await folderWith(t, { 'bin/get': `#!/bin/sh\n${text}\n` })
  await chmod(join(folder, 'bin/get'), 0o755)
  return [join(folder, 'bin/get')]
}

t.test('takes what a program prints, run without a shell and with a small environment', async t => {
  const line = await program(t, `[ -z "$OTHER$KEY" ] && [ "$1" = '$(id) *' ] && echo ${secret}`)
  const env = { OTHER: 'x', KEY: 'y' }
  const found = await resolveCredential({ kind: 'exec', line: [...line, '$(id) *'] }, surroundings(env))
  t.equal(found.reveal(), secret)
})

t.test('says how a program failed, and nothing of what it printed', async t => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      `echo ${secret}; echo "token ${secret} expired" >&2; exit 3`,
      /ended with exit code 3 when asked to print/,
    ],
    ['true', /it printed nothing/],
    [`echo ${secret}; echo ${secret}`, /is not a secret/],
    [`yes ${secret} | head -c 3000000`, /it printed more than 1 MB/],
  ]
  for (const [text, message] of cases)
    t.match(await refusal(t, { kind: 'exec', line: await program(t, text) }), { message })
  t.match(await refusal(t, { kind: 'exec', line: ['fluxloop-no-such-program'] }), {
    message: 'The program fluxloop-no-such-program is not installed here',
  })
})

t.test('ends a program that waits for an answer', async t => {
  const line = await program(t, `echo ${secret}; sleep 600`)
  t.match(await refusal(t, { kind: 'exec', line }, surroundings({}, 300)), { message: /did not end within/ })
})

t.test('finds no program by a relative folder in PATH', async t => {
  const folder = await folderWith(t, { 'bin/get': `#!/bin/sh\necho ${secret}\n` })
  await chmod(join(folder, 'bin/get'), 0o755)
  await mkdir(join(folder, 'empty'))
  const around = surroundings({ PATH: `bin:.:${join(folder, 'empty')}` })
  t.match(await refusal(t, { kind: 'exec', line: ['get'] }, around), { message: /is not installed here/ })
})

t.test('reads an entry of a real keychain, and says which one is not there', async t => {
  if (!['dbus-run-session', 'gnome-keyring-daemon', 'secret-tool'].every(name => needs(t, name))) return
  const home = await keyringHome()
  t.teardown(() => home.remove())
  const script = 'fleet/test/support/print-credential.ts'
  t.equal(await home.run('unlocked', script, ['acme']), 'the-keychain')
  t.equal(
    await home.run('unlocked', script, ['other']),
    'There is no secret in keychain fleet/other: there is no such entry',
  )
})
