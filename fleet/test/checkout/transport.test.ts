// What happens on the way: a real host over https, and ones that answer wrongly or not at all.
import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { failed } from '../../../test/support/failed.ts'
import { needs } from '../../../test/support/needs.ts'
import { type CheckoutSurroundings, checkOut } from '../../src/checkout/checkout.ts'
import type { GitSource } from '../../src/checkout/fetch-revision.ts'
import { folderWith } from '../support/fleet-folder.ts'
import { type GitHost, gitHost } from '../support/git-over-http.ts'
import { type RemoteRepository, remoteRepository, trap } from '../support/remote-repository.ts'

interface World {
  readonly root: string
  readonly remote: RemoteRepository
  readonly host: GitHost
  readonly around: CheckoutSurroundings
  readonly source: GitSource
}

async function world(t: Test): Promise<World | null> {
  if (!needs(t, 'openssl')) return null
  const root = await folderWith(t, {})
  const remote = remoteRepository(root)
  remote.commit('main', { a: '1' })
  const host = await gitHost(t, root)
  const env = { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: host.certificate }
  return {
    root,
    remote,
    host,
    around: { folder: join(root, 'checkouts'), env, signal: null },
    source: { kind: 'git', url: `${host.url}/remote.git`, revision: 'main', path: '.' },
  }
}

t.test('fetches over https, with one question where nothing is new', async t => {
  const made = await world(t)
  if (made === null) return
  const { remote, host, around, source } = made
  const { folder } = await checkOut('acme', source, around)
  t.equal(await readFile(join(folder, 'a'), 'utf8'), '1')
  host.asked.length = 0
  await checkOut('acme', source, around)
  t.equal(host.asked.filter(url => url.includes('info/refs')).length, 1)
  const revision = remote.commit('other', { a: '2' })
  const pinned = await checkOut('acme', { ...source, revision }, around)
  t.equal(await readFile(join(pinned.folder, 'a'), 'utf8'), '2', 'a commit by its name')
})

t.test('trusts no certificate that nobody vouches for', async t => {
  const made = await world(t)
  if (made === null) return
  const { host, around, source } = made
  const env = { PATH: process.env['PATH'], GIT_SSL_NO_VERIFY: '1' }
  t.match(await failed(checkOut('acme', source, { ...around, env })), {
    code: 'network',
    hints: [/NODE_EXTRA_CA_CERTS/],
  })
  t.strictSame(host.asked, [])
})

t.test('follows no redirect, and asks for no password', async t => {
  const made = await world(t)
  if (made === null) return
  const { host, around, source, root } = made
  const evil = trap(root, 'evil')
  const env = { ...around.env, GIT_ASKPASS: evil, SSH_ASKPASS: evil, DISPLAY: ':0' }
  host.instead = (request, response) => {
    const isSecond = (request.url ?? '').startsWith('/second')
    response.writeHead(isSecond ? 200 : 301, {
      location: `${host.url}/second/info/refs?service=git-upload-pack`,
    })
    response.end()
  }
  t.match(await failed(checkOut('acme', source, { ...around, env })), {
    code: 'configuration',
    hints: [/redirects/],
  })
  t.strictSame(
    host.asked.filter(url => url.startsWith('/second')),
    [],
  )
  host.instead = (_, response) => {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' })
    response.end()
  }
  t.match(await failed(checkOut('acme', source, { ...around, env })), {
    code: 'authentication',
    hints: [/over ssh/],
  })
  t.notOk(existsSync(join(root, 'ran')))
})

t.test('gives up on a host that does not answer, and ends git where the run ends', async t => {
  const made = await world(t)
  if (made === null) return
  const { host, around, source } = made
  host.instead = () => undefined
  t.match(await failed(checkOut('acme', source, { ...around, limits: { time: 700 } })), {
    code: 'network',
    message: /^git did not list branches and tags within 1 second/,
  })
  const stop = new AbortController()
  host.instead = () => stop.abort()
  t.match(await failed(checkOut('acme', source, { ...around, signal: stop.signal })), { code: 'interrupted' })
  t.match(
    await failed(checkOut('acme', source, { ...around, signal: stop.signal })),
    { code: 'interrupted' },
    'at once',
  )
  t.strictSame((await readdir(around.folder)).length, 1, 'no lock is left')
})

t.test('shows what a host says without what acts on a terminal, and not without end', async t => {
  const made = await world(t)
  if (made === null) return
  const { host, around, source } = made
  host.instead = (_, response) => {
    response.writeHead(500, { 'content-type': 'text/plain' })
    response.end(`\u001b]0;evil\u0007${'x'.repeat(100_000)}`)
  }
  const { message } = await failed(checkOut('acme', source, around))
  t.notMatch(message, /[\p{Cc}\p{Cf}]/u)
  t.ok(message.length < 1_000)
  host.instead = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' })
    response.end('0000'.repeat(10) + 'garbage')
  }
  t.match(await failed(checkOut('acme', source, around)), { code: 'network' })
})

t.test('calls ssh so that it asks nothing and trusts no new host', async t => {
  const root = await folderWith(t, {})
  const ssh = join(root, 'bin', 'ssh')
  const { mkdir, writeFile } = await import('node:fs/promises')
  await mkdir(join(root, 'bin'))
  await writeFile(
    ssh,
    `#!/bin/sh\nprintf '%s\\n' "$@" > ${join(root, 'asked')}; env > ${join(root, 'env')}; echo 'Host key verification failed.' >&2; exit 255\n`,
    { mode: 0o755 },
  )
  const around = {
    folder: join(root, 'checkouts'),
    signal: null,
    env: {
      PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`,
      SSH_AUTH_SOCK: '/agent',
      FLUXLOOP_API_KEY: 'flux_ci_sentinel',
      HOME: root,
    },
  }
  const source = {
    kind: 'git',
    url: 'ssh://git@git.example.com:2222/acme/keys.git',
    revision: 'main',
    path: '.',
  } as const
  t.match(await failed(checkOut('acme', source, around)), { code: 'authentication', hints: [/known_hosts/] })
  const asked = await readFile(join(root, 'asked'), 'utf8')
  for (const option of [
    '-oBatchMode=yes',
    '-oStrictHostKeyChecking=yes',
    '-oForwardAgent=no',
    '-oPermitLocalCommand=no',
  ])
    t.ok(asked.split('\n').includes(option), option)
  t.match(asked, /-p\n2222\ngit@git\.example\.com\ngit-upload-pack '\/acme\/keys\.git'\n$/)
  const env = await readFile(join(root, 'env'), 'utf8')
  t.match(env, /^SSH_AUTH_SOCK=\/agent$/m)
  t.notMatch(env, /sentinel/)
  t.notMatch(env, new RegExp(`^HOME=${root}$`, 'm'))
})
