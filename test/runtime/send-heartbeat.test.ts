// A sign of life after each complete run, and only then. Counted where it arrives.
import { once } from 'node:events'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { sendHeartbeat } from '../../src/runtime/send-heartbeat.ts'
import { configuration } from '../support/dialects.ts'
import { type Ended, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'
import { stage } from '../support/stage.ts'

/** A monitoring service on loopback. */
async function service(t: Pick<Test, 'teardown'>, ...statuses: readonly number[]) {
  const calls: IncomingMessage[] = []
  const server = createServer((request, response) => {
    const status = statuses[calls.length] ?? statuses.at(-1) ?? 200
    calls.push(request)
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('OK')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { calls, origin, url: new URL('/ping/TOKEN-8a2f', origin) }
}

const pauses: number[] = []
const surroundings = {
  env: {},
  version: '1.2.3',
  pause: async (time: number) => void pauses.push(time),
}

t.test('one GET with no credential and nothing about the run', async t => {
  const { url, calls } = await service(t)
  t.equal(await sendHeartbeat(url, surroundings), null)
  t.equal(calls.length, 1)
  const [call] = calls
  t.match(call, { method: 'GET', url: '/ping/TOKEN-8a2f' })
  t.match(call?.headers, { 'user-agent': 'fluxloop-keys/1.2.3' })
  t.notMatch(Object.keys(call?.headers ?? {}), /authorization|cookie/)
})

t.test('a try that may succeed later is made again, three times in all', async t => {
  for (const [statuses, calls, trouble] of [
    [[503, 200], 2, null],
    [[429], 3, 'HTTP 429'],
    [[500], 3, 'HTTP 500'],
    [[404], 1, 'HTTP 404'],
    [[302], 1, 'it redirects elsewhere, which is not followed'],
  ] as const) {
    const at = await service(t, ...statuses)
    pauses.length = 0
    t.equal(await sendHeartbeat(at.url, surroundings), trouble)
    t.equal(at.calls.length, calls)
    t.same(pauses, [1000, 2000].slice(0, calls - 1))
  }
  const said = await sendHeartbeat(new URL('http://127.0.0.1:1/TOKEN'), surroundings)
  t.ok(said !== null && !said.includes('TOKEN'), said ?? '')
  t.equal(await sendHeartbeat(new URL('http://127.0.0.1:9/TOKEN'), surroundings), said, 'one word for both')
})

t.test('apply calls it after each complete run, and only after one', async t => {
  const s = stage(t, { 'fluxloop-keys.yaml': configuration, 'broken.yaml': 'version: 2\n' })
  const called: string[] = []
  let trouble: string | null = null
  const heartbeat = async ({ href }: URL) => {
    called.push(href)
    return trouble
  }
  const run = (line: string, env = {}) => s.run(line, { env, with: { heartbeat } })
  const url = 'https://hc.example.com/TOKEN'
  const apply = `apply --auto-approve --heartbeat ${url}`
  t.equal((await run(apply)).code, 0)
  t.same(called.splice(0), [url])
  t.equal((await run(apply)).code, 0)
  t.same(called.splice(0), [url], 'also where there was nothing to do')
  t.equal((await run('apply --auto-approve', { FLUXLOOP_KEYS_HEARTBEAT: url })).code, 0)
  t.same(called.splice(0), [url], 'by the environment')

  t.equal((await run(`${apply} -c broken.yaml`)).code, 2)
  const stopped = new AbortController()
  stopped.abort()
  await s.write('other.yaml', configuration.replace('stack: acme', 'stack: other'))
  const interrupted = await s.run(`${apply} -c other.yaml`, { with: { heartbeat, stopping: stopped.signal } })
  t.equal(interrupted.code, 130)
  t.equal((await run('plan', { FLUXLOOP_KEYS_HEARTBEAT: url })).code, 0)
  t.equal((await run('rotate bot --auto-approve', { FLUXLOOP_KEYS_HEARTBEAT: url })).code, 0)
  t.same(called, [], 'a failed run, an interrupted one, plan and rotate')

  trouble = 'HTTP 404'
  const warned = await run(`${apply} --json-lines`)
  t.equal(warned.code, 0, 'what was done is done')
  t.match(warned.err(), /Warning: the heartbeat did not reach\s+https:\/\/hc.example.com: HTTP 404/)
  t.notMatch(warned.err() + warned.out(), /TOKEN/)
})

t.test('an address that cannot be called costs no request, and is not shown', async t => {
  const s = stage(t, { 'fluxloop-keys.yaml': configuration })
  for (const [url, said] of [
    ['TOKEN', 'is not a URL'],
    ['file:///TOKEN', 'is neither an https nor an http URL'],
    ['https://user:TOKEN@hc.example.com/', 'has a user name or a password in it'],
  ] as const) {
    const flag = await s.run(`apply --auto-approve --heartbeat ${url}`)
    const env = await s.run('apply --auto-approve', { env: { FLUXLOOP_KEYS_HEARTBEAT: url } })
    for (const { code, err, requests } of [flag, env]) {
      t.equal(code, 2)
      t.match(err().replace(/\s+/g, ' '), said)
      t.notMatch(err(), /TOKEN/)
      t.same(requests, [])
    }
  }
})

t.test('the built program: counted at both ends', async t => {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  const { url, calls, origin } = await service(t, 200, 404)
  await place.write('fluxloop-keys.yaml', configuration)
  const run = async (): Promise<Ended & { requests: number }> => {
    platform.forget()
    const ended = await place.run(['apply', '--auto-approve', '--verbose'], {
      env: { ...platform.env, FLUXLOOP_KEYS_HEARTBEAT: url.href },
    })
    return { ...ended, requests: platform.requests.length }
  }
  await place.run(['apply', '--auto-approve'], { env: platform.env })
  const fine = await run()
  t.match(fine, { code: 0, requests: 2 }, 'the platform gets what it got before: one list, one whoami')
  const lost = await run()
  t.match(lost, { code: 0, requests: 2 })
  t.ok(lost.stderr.replace(/\s+/g, ' ').includes(`did not reach ${origin}: HTTP 404`), lost.stderr)
  t.equal(calls.length, 2)
  t.notMatch(fine.stdout + fine.stderr + lost.stdout + lost.stderr, /TOKEN/)
  const sent = JSON.stringify(calls.map(({ rawHeaders }) => rawHeaders))
  t.notOk(sent.includes(platform.administrator.reveal()))
})
