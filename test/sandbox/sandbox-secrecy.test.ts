import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { administratorKey } from '../../src/sandbox/administrator.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'
import { serveSandbox } from '../../src/sandbox/serve.ts'
import { serveForTest } from '../support/sandbox.ts'

const path = '/api/api-keys'
const day = 86_400_000

t.test(
  'the same Idempotency-Key replays the first answer, secret included, and does nothing else',
  async t => {
    const served = await serveForTest(t)
    const asked = { body: { name: 'One' }, headers: { 'idempotency-key': 'first' } }
    const first = await served.call('POST', path, asked)
    served.now += day - 1
    const again = await served.call('POST', path, asked)
    t.same([again.status, again.text], [201, first.text])
    t.equal(again.headers.get('etag'), first.headers.get('etag'))
    t.equal((await served.call('GET', path)).json.api_keys?.length, 2, 'one key next to the administrator')

    const other = await served.call('POST', path, { ...asked, body: { name: 'Two' } })
    t.equal(other.status, 422, 'another body')
    const id = String(first.json.api_key?.['id'])
    const headers = { 'idempotency-key': 'first' }
    const regenerated = await served.call('POST', `${path}/${id}/regenerate`, { headers })
    t.equal(regenerated.status, 200, 'another path is another request')
    const once = await served.call('POST', `${path}/${id}/regenerate`, { headers })
    t.equal(once.text, regenerated.text)
    t.match((await served.call('GET', `${path}/${id}`)).json, { version: 2 })
    const patch = { headers, body: { description: 'new' } }
    t.same((await served.call('PATCH', `${path}/${id}`, patch)).json['version'], 3)
    t.same((await served.call('PATCH', `${path}/${id}`, patch)).json['version'], 3)
    t.equal((await served.call('DELETE', `${path}/${id}`, { headers })).status, 204)
    t.equal((await served.call('DELETE', `${path}/${id}`, { headers })).status, 204)
    t.equal((await served.call('DELETE', `${path}/${id}`)).status, 404)

    served.now += 2
    t.not((await served.call('POST', path, asked)).text, first.text, 'after 24 hours it is a new request')
  },
)

t.test('an answer is replayed to no other caller, nor to the same key with another secret', async t => {
  const served = await serveForTest(t)
  const manager = await served.key({ name: 'Manager', permissions: ['*'] })
  const asked = { body: { name: 'One' }, headers: { 'idempotency-key': 'shared' } }
  const first = await served.call('POST', path, { ...asked, secret: manager.secret })
  t.not((await served.call('POST', path, asked)).text, first.text)
  const { json } = await served.call('POST', `${path}/${manager.id}/regenerate`)
  const later = await served.call('POST', path, { ...asked, secret: String(json['key']) })
  t.not(later.text, first.text)
})

t.test('a refused request is not kept, so that its Idempotency-Key may serve the corrected one', async t => {
  const served = await serveForTest(t)
  const headers = { 'idempotency-key': 'k' }
  t.equal((await served.call('POST', path, { headers, body: { name: '' } })).status, 422)
  t.equal((await served.call('POST', path, { headers, body: { name: 'a' } })).status, 201)
  const long = { headers: { 'idempotency-key': 'k'.repeat(256) }, body: { name: 'a' } }
  t.equal((await served.call('POST', path, long)).status, 422)
})

t.test('a request that breaks in the middle leaves nothing, not even its Idempotency-Key', async t => {
  const ids = ['key_admin', 'key_admin', 'key_other']
  const sandbox = openSandbox({ database: ':memory:', makeId: () => ids.shift() ?? 'key_last' })
  t.teardown(() => sandbox.close())
  const authorization = `Bearer ${sandbox.issueAdministrator().reveal()}`
  const create = () => {
    const headers = { authorization, 'idempotency-key': 'k' }
    return sandbox.handle(
      new Request('http://a/api/api-keys', { method: 'POST', headers, body: '{"name":"One"}' }),
    )
  }
  const broken = await create()
  t.equal(broken.status, 500)
  t.match(await broken.json(), { detail: String })
  const whole = await create()
  t.equal(whole.status, 201)
  t.equal(whole.headers.get('idempotent-replayed'), null)
  t.match(await whole.json(), { api_key: { id: 'key_other' } })
})

t.test('no byte of any secret or Idempotency-Key is in the files of the database', async t => {
  const dir = t.testdir()
  const served = await serveForTest(t, join(dir, 'sandbox.db'))
  const headers = { 'idempotency-key': 'idempotency-key-of-this-test' }
  for (const name of ['Production', 'Staging', 'CI/CD Pipeline', 'Dev']) {
    const asked = { headers: { 'idempotency-key': `${headers['idempotency-key']}-${name}` }, body: { name } }
    const { json } = await served.call('POST', path, asked)
    await served.call('POST', path, asked)
    const its = `${path}/${String(json.api_key?.['id'])}`
    await served.call('POST', `${its}/regenerate`, { headers })
    const again = await served.call('POST', `${its}/regenerate`, { headers })
    await served.call('GET', '/api/auth/whoami', { secret: String(again.json['key']) })
    await served.call('POST', path, { secret: 'flux_dev_wrong_credential_of_a_stranger', body: { name } })
    t.equal((await served.call('GET', '/api/nope', { body: undefined })).status, 404)
  }
  const files = await readdir(dir)
  t.strictSame(files.sort(), ['sandbox.db', 'sandbox.db-shm', 'sandbox.db-wal'])
  const bytes = Buffer.concat(await Promise.all(files.map(file => readFile(join(dir, file)))))
  t.ok(bytes.includes('CI/CD Pipeline'), 'the names are there, so this looks in the right place')
  t.equal(served.issued.length, 1 + 4 * 4)
  for (const secret of served.issued) {
    t.notOk(bytes.includes(secret), 'the secret')
    t.notOk(bytes.includes(secret.slice(-12)), 'nor its end')
    t.notOk(bytes.includes(Buffer.from(secret).toString('base64').slice(0, 24)), 'nor in base64')
  }
  t.notOk(bytes.includes(headers['idempotency-key']))
  t.equal((await stat(join(dir, 'sandbox.db'))).mode & 0o777, 0o600)
})

t.test('a database outlives its process, with its keys, its replays and its projects', async t => {
  const file = join(t.testdir(), 'sandbox.db')
  const opened = () => openSandbox({ database: file })
  const first = opened()
  const administrator = first.issueAdministrator()
  const ask = async (sandbox: typeof first): Promise<string> => {
    const headers = { authorization: `Bearer ${administrator.reveal()}`, 'idempotency-key': 'k' }
    const body = JSON.stringify({ name: 'One', project_id: 'proj_sales-assistant' })
    const request = new Request('https://any.origin/api/api-keys', { method: 'POST', headers, body })
    return (await sandbox.handle(request)).text()
  }
  const answer = await ask(first)
  first.close()
  const second = opened()
  t.match(JSON.parse(answer), { api_key: { scope: ['sales-assistant'] } })
  t.equal(await ask(second), answer)
  second.close()
})

t.test('several processes write to one new database at once, and nothing is lost', async t => {
  const file = join(t.testdir(), 'sandbox.db')
  const sandboxUrl = new URL('../../src/sandbox/sandbox.ts', import.meta.url).href
  const script = `
    const { openSandbox } = await import(${JSON.stringify(sandboxUrl)})
    const sandbox = openSandbox({ database: process.env.DATABASE })
    const headers = { authorization: 'Bearer ' + sandbox.issueAdministrator().reveal() }
    let made = 0
    for (let n = 0; n < 40; n++) {
      const body = JSON.stringify({ name: 'Key ' + n })
      const request = new Request('http://a/api/api-keys', { method: 'POST', headers, body })
      if ((await sandbox.handle(request)).status === 201) made++
    }
    console.log(made)
    sandbox.close()`
  const run = promisify(execFile)
  const env = { ...process.env, DATABASE: file }
  const runs = await Promise.all(
    [1, 2, 3].map(() =>
      run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { env }),
    ),
  )
  t.same(
    runs.map(({ stdout }) => stdout.trim()),
    ['40', '40', '40'],
  )
  const sandbox = openSandbox({ database: file })
  t.teardown(() => sandbox.close())
  const headers = { authorization: `Bearer ${sandbox.issueAdministrator().reveal()}` }
  const response = await sandbox.handle(new Request('http://a/api/api-keys?limit=1000', { headers }))
  const { api_keys } = (await response.json()) as { api_keys: unknown[] }
  t.equal(api_keys.length, 3 * 41 + 1)
})

t.test('waits for a process that writes to a database of another kind of journal', async t => {
  const file = join(t.testdir(), 'sandbox.db')
  const script = `
    const database = new (require('libsql'))(process.env.DATABASE)
    database.exec('begin immediate')
    console.log('writing')
    setTimeout(() => database.exec('commit'), 300)`
  const other = spawn(process.execPath, ['-e', script], {
    env: { PATH: process.env['PATH'], DATABASE: file },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(other.stdout, 'data')
  openSandbox({ database: file }).close()
  t.pass('it was opened')
})

t.test(
  "the administrator's key is kept for its owner only, and made anew where the sandbox refuses it",
  async t => {
    const dir = t.testdir()
    const file = join(dir, 'administrator.key')
    const sandbox = openSandbox({ database: ':memory:' })
    t.teardown(() => sandbox.close())
    const first = await administratorKey(sandbox, file)
    t.equal((await stat(file)).mode & 0o777, 0o600)
    t.equal((await readFile(file, 'utf8')).trim(), first.reveal())
    t.ok((await administratorKey(sandbox, file)).equals(first))

    for (const stale of ['flux_dev_from_another_database\n', '', 'line\nbreaks\n']) {
      await writeFile(file, stale)
      const fresh = await administratorKey(sandbox, file)
      t.notOk(fresh.equals(first))
      t.equal((await readFile(file, 'utf8')).trim(), fresh.reveal())
      t.equal((await stat(file)).mode & 0o777, 0o600)
    }
    t.same(await readdir(dir), ['administrator.key'], 'no temporary file stays')
  },
)

t.test(
  'two that ask for the first administrator at once get the same key, and no other stays behind',
  async t => {
    const file = join(t.testdir(), 'administrator.key')
    const sandbox = openSandbox({ database: ':memory:' })
    t.teardown(() => sandbox.close())
    const [one, two] = await Promise.all([administratorKey(sandbox, file), administratorKey(sandbox, file)])
    t.ok(one.equals(two))
    const headers = { authorization: `Bearer ${one.reveal()}` }
    const response = await sandbox.handle(new Request('http://a/api/api-keys', { headers }))
    t.match(await response.json(), { api_keys: { length: 1 } })
  },
)

t.test('an administrator key file that cannot be read is an error, not a new key', async t => {
  const dir = t.testdir()
  const sandbox = openSandbox({ database: ':memory:' })
  t.teardown(() => sandbox.close())
  await t.rejects(administratorKey(sandbox, dir), { code: 'EISDIR' })
})

t.test('close ends connections that are open, and frees the port', async t => {
  const sandbox = openSandbox({ database: ':memory:' })
  t.teardown(() => sandbox.close())
  const server = await serveSandbox(sandbox, { port: 0 })
  const port = Number(new URL(server.url).port)
  await t.rejects(serveSandbox(sandbox, { port }), { code: 'EADDRINUSE' })
  await (await fetch(`${server.url}/api/auth/whoami`)).text()
  const unfinished = connect(port, '127.0.0.1')
  await once(unfinished, 'connect')
  unfinished.write('POST /api/api-keys HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{')
  unfinished.resume()
  const ended = new Promise<void>(resolve => {
    // It may end with a reset, which is as good.
    unfinished.on('error', () => undefined).on('close', () => resolve())
  })
  await server.close()
  await ended
  const again = await serveSandbox(sandbox, { port })
  await again.close()
})

t.test(
  'a clock, secrets and ids that are given make a sandbox whose answers are known beforehand',
  async t => {
    let count = 0
    const sandbox = openSandbox({
      database: ':memory:',
      now: () => Date.parse('2024-01-15T00:00:00Z'),
      makeSecret: prefix => `${prefix}abc123def456ghi789jkl012mno`,
      makeId: () => `key_${++count}`,
    })
    t.teardown(() => sandbox.close())
    t.equal(
      sandbox.issueAdministrator('Production Deployment').reveal(),
      'flux_prod_abc123def456ghi789jkl012mno',
    )
  },
)
