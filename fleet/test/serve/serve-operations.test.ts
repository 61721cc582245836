import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { type Health, Pulse, readiness } from '../../src/serve/replica-health.ts'
import { parseListenAddress } from '../../src/serve/listen-address.ts'
import { createMetrics } from '../../src/serve/metrics.ts'
import { type OperationsOptions, serveOperations } from '../../src/serve/serve-operations.ts'

const ok: Health = { ok: true }

async function serve(t: Test, options: Partial<OperationsOptions> = {}) {
  const server = await serveOperations({
    listen: '127.0.0.1:0',
    metrics: createMetrics(),
    isReady: async () => ok,
    isAlive: () => ok,
    ...options,
  })
  t.teardown(() => server.close())
  return server
}

async function get(url: string, init: RequestInit = {}): Promise<readonly [number, string]> {
  const answer = await fetch(url, init)
  return [answer.status, await answer.text()]
}

t.test('answers whether it is alive and ready, and why not', async t => {
  let [alive, ready]: Health[] = [ok, ok]
  const { url } = await serve(t, { isAlive: () => alive ?? ok, isReady: async () => ready ?? ok })
  t.strictSame(await get(`${url}/healthz`), [200, 'ok\n'])
  t.strictSame(await get(`${url}/readyz?verbose`), [200, 'ok\n'])
  alive = { ok: false, why: 'the loop of work has been stuck for 9 minutes' }
  ready = { ok: false, why: 'shutting down' }
  t.strictSame(await get(`${url}/healthz`), [503, `not ok: ${alive.why}\n`])
  t.strictSame(await get(`${url}/readyz`), [503, 'not ok: shutting down\n'])
})

t.test('gives metrics, to GET and HEAD and on three paths alone', async t => {
  const metrics = createMetrics()
  metrics.budgetLeft('acme', 7)
  const { url } = await serve(t, { metrics })
  const answer = await fetch(`${url}/metrics`)
  t.equal(answer.headers.get('content-type'), metrics.contentType)
  t.match(await answer.text(), /^fluxloop_fleet_budget_remaining\{credential="acme"\} 7$/m)
  t.strictSame(await get(`${url}/metrics`, { method: 'HEAD' }), [200, ''])
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    t.equal((await get(`${url}/metrics`, { method }))[0], 405, method)
  for (const path of ['/', '/metrics/', '/healthz/../x', '//healthz'])
    t.equal((await get(url + path))[0], 404, path)
})

t.test(
  'is not ready where the database does not answer in time or fails, and says nothing of its error',
  async t => {
    let asked = 0
    const { url } = await serve(t, {
      isReady: () => {
        asked += 1
        return asked === 1 ? Promise.reject(new Error('password "hunter2"')) : new Promise(() => undefined)
      },
      metrics: { contentType: 'text/plain', render: () => Promise.reject(new Error('x')) },
    })
    const late = [503, 'not ok: no answer in time\n']
    t.strictSame(await get(`${url}/readyz`), late)
    t.strictSame(await Promise.all([1, 2, 3].map(() => get(`${url}/readyz`))), [late, late, late])
    t.equal(asked, 2, 'those who ask at once share one question')
    t.equal((await get(`${url}/metrics`))[0], 503)
    t.strictSame(await get(`${url}/healthz`), [200, 'ok\n'])
  },
)

t.test('gives up a client that sends its request byte by byte', async t => {
  const { url } = await serve(t)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n')
  const drip = setInterval(() => socket.write('a: b\r\n'), 300)
  t.teardown(() => clearInterval(drip))
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  await once(socket, 'close')
  t.match(text, /^HTTP\/1\.1 408 /)
})

t.test('reads no body, and closes the connection of whoever sends one', async t => {
  const { url } = await serve(t)
  const sent = request(`${url}/healthz`, { method: 'GET', headers: { 'content-length': 1_000_000 } })
  sent.on('error', () => undefined)
  sent.write('x')
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  t.match(answer, { statusCode: 200, headers: { connection: 'close' } })
  sent.destroy()
})

t.test('closes at once where nobody waits, and lets an answer in flight end', async t => {
  let answer: (health: Health) => void = () => undefined
  let asked: () => void = () => undefined
  const isAsked = new Promise<void>(resolve => (asked = resolve))
  const server = await serveOperations({
    listen: '127.0.0.1:0',
    metrics: createMetrics(),
    isReady: () => {
      asked()
      return new Promise(resolve => (answer = resolve))
    },
    isAlive: () => ok,
  })
  await get(`${server.url}/healthz`)
  const flying = get(`${server.url}/readyz`)
  await isAsked
  const closed = server.close()
  answer(ok)
  t.strictSame(await flying, [200, 'ok\n'])
  await closed
  await t.rejects(fetch(`${server.url}/healthz`))
})

t.test('says where it cannot listen', async t => {
  const { url } = await serve(t)
  const listen = new URL(url).host
  const again = serveOperations({
    listen,
    metrics: createMetrics(),
    isReady: async () => ok,
    isAlive: () => ok,
  })
  await t.rejects(again, {
    code: 'failed',
    message: /^Cannot listen on 127\.0\.0\.1, port \d+ \(EADDRINUSE\)$/,
  })
})

t.test('takes a port as one of loopback, an address with a port, and nothing else', async t => {
  t.strictSame(parseListenAddress('9464'), { host: '127.0.0.1', port: 9464 })
  t.strictSame(parseListenAddress('0.0.0.0:80'), { host: '0.0.0.0', port: 80 })
  t.strictSame(parseListenAddress('[::1]:0'), { host: '::1', port: 0 })
  t.strictSame(parseListenAddress('localhost:9464'), { host: 'localhost', port: 9464 })
  for (const odd of [
    '',
    ':',
    'x',
    '70000',
    '127.0.0.1',
    '::1:80',
    'http://127.0.0.1:80',
    '/run/socket',
    '1:2:3',
  ])
    t.throws(() => parseListenAddress(odd), { code: 'usage' }, odd)
})

t.test('is ready with the version it needs, a recent tick, and no end in sight', async t => {
  const well = { stopping: false, databaseTrouble: null, lastTick: 1_000_000 }
  t.strictSame(readiness(well, 1_060_000), { ok: true })
  t.match(readiness(well, 1_500_000), { ok: false, why: 'the last tick was 8 minutes ago' })
  t.match(readiness({ ...well, lastTick: null }, 0), { ok: false, why: 'no tick yet' })
  t.match(readiness({ ...well, databaseTrouble: 'it has version 1, and this needs 2' }, 1_000_000), {
    ok: false,
    why: 'it has version 1, and this needs 2',
  })
  t.match(readiness({ ...well, stopping: true }, 1_000_000), { ok: false, why: 'shutting down' })
})

t.test('is alive as long as its loop of work comes round', async t => {
  let now = 0
  const pulse = new Pulse(() => now, 60_000)
  now = 60_000
  t.strictSame(pulse.check(), { ok: true })
  pulse.beat()
  now = 120_001
  t.match(pulse.check(), { ok: false, why: 'the loop of work has been stuck for 60 seconds' })
  pulse.beat()
  t.strictSame(pulse.check(), { ok: true })
})
